package parts

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func newDashboard() (*Dashboard, *fakeDashboards) {
	api := &fakeDashboards{goneCode: "ResourceNotFound"}
	return &Dashboard{API: api, Name: "d", Body: `{"widgets":[{"type":"log","x":0}]}`}, api
}

func TestDashboardLife(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ResourceNotFound", "DashboardNotFoundError"} {
		d, api := newDashboard()
		api.goneCode = code
		checkLife(t, d, &api.service, "PutDashboard")
	}
}

func TestDashboardDrift(t *testing.T) {
	t.Parallel()
	d, api := newDashboard()
	mustEnsure(t, d)
	api.body = aws.String(` { "widgets": [ {"x": 0, "type": "log"} ] } `)
	checkRepair(t, d, &api.service, nil, nil) // the same in another form
	api.body = aws.String(`{"widgets":[]}`)
	checkRepair(t, d, &api.service, []string{"the content differs"}, []string{"PutDashboard"})
}

func TestDashboardAccessDenied(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"GetDashboard", "PutDashboard"} {
		d, api := newDashboard()
		api.deny(op)
		expectDenied(t, d.Ensure(t.Context()))
	}
	d, api := newDashboard()
	mustEnsure(t, d)
	api.deny("DeleteDashboards")
	expectDenied(t, d.Delete(t.Context()))
	api.deny("GetDashboard")
	_, err := d.Drift(t.Context())
	expectDenied(t, err)
}
