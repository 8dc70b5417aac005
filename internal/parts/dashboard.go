package parts

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/awserr"
	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/stack"
)

// DashboardAPI is what Dashboard calls of CloudWatch.
type DashboardAPI interface {
	GetDashboard(context.Context, *cloudwatch.GetDashboardInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetDashboardOutput, error)
	PutDashboard(context.Context, *cloudwatch.PutDashboardInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutDashboardOutput, error)
	DeleteDashboards(context.Context, *cloudwatch.DeleteDashboardsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DeleteDashboardsOutput, error)
}

// Dashboard is a CloudWatch dashboard. It bears no tags: its name, which is
// derived as all names of parts are, tells whose it is.
type Dashboard struct {
	API DashboardAPI
	// Name is the dashboard's name.
	Name string
	// Body is its content, as JSON.
	Body string
}

func (d *Dashboard) String() string { return fmt.Sprintf("CloudWatch dashboard (%s)", d.Name) }

// Ensure writes the dashboard unless it is as wanted already.
func (d *Dashboard) Ensure(ctx context.Context) error {
	have, err := d.find(ctx)
	switch {
	case err != nil && !errors.Is(err, stack.ErrNotFound):
		return fmt.Errorf("reading %s: %w", d, err)
	case err == nil && sameJSON(have, d.Body):
		return nil
	}
	if _, err := d.API.PutDashboard(ctx, &cloudwatch.PutDashboardInput{DashboardName: &d.Name, DashboardBody: &d.Body}); err != nil {
		return fmt.Errorf("writing %s: %w", d, err)
	}
	return nil
}

// Drift tells whether the content differs.
func (d *Dashboard) Drift(ctx context.Context) ([]string, error) {
	have, err := d.find(ctx)
	if err != nil {
		return nil, err
	}
	return differs(!sameJSON(have, d.Body), "the content differs"), nil
}

// Delete removes the dashboard.
func (d *Dashboard) Delete(ctx context.Context) error {
	_, err := d.API.DeleteDashboards(ctx, &cloudwatch.DeleteDashboardsInput{DashboardNames: []string{d.Name}})
	if err != nil && !dashboardNotFound(err) {
		return fmt.Errorf("deleting %s: %w", d, err)
	}
	return nil
}

// find answers the dashboard's content, or stack.ErrNotFound.
func (d *Dashboard) find(ctx context.Context) (string, error) {
	out, err := d.API.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &d.Name})
	if dashboardNotFound(err) {
		return "", stack.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.DashboardBody), nil
}

// dashboardNotFound knows both codes that CloudWatch has, by protocol.
func dashboardNotFound(err error) bool {
	return awserr.Is(err, "ResourceNotFound", "DashboardNotFoundError")
}
