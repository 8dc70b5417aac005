package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	tfstate "github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/fargatedirect/terraform-provider-fargatedirect/internal/provider"
)

// releasedImage is the proxy's image of a provider that is a release.
var releasedImage = "123456789012.dkr.ecr.eu-west-2.amazonaws.com/fargatedirect-proxy@sha256:" + strings.Repeat("0123456789abcdef", 4)

var releaseFactories = map[string]func() (tfprotov6.ProviderServer, error){
	"fargatedirect": providerserver.NewProtocol6WithError(provider.New("test", releasedImage)()),
}

// containerConfig puts the function's result into a task definition as users
// do. The bucket is known once something was applied.
func containerConfig(more string) string {
	return fmt.Sprintf(`
variable "port" {
  type    = string
  default = "8080"
}
variable "nothing" {
  type    = string
  default = null
}
resource "terraform_data" "bucket" { input = "my-certificates" }
locals {
  definitions = [
    { name = "app", image = "app:1", essential = true },
    provider::fargatedirect::proxy_container({
      backend_port      = var.port
      backend_container = "app"
      bucket            = terraform_data.bucket.output
      prefix            = "browser/"
      secret_arn        = var.nothing
      image             = null
      domain            = "browser.example.com"
      redirect_http     = true
      memory            = 64
      log_configuration = { logDriver = "awslogs", options = { "awslogs-group" = "browser", "awslogs-region" = "us-east-1", "awslogs-stream-prefix" = "proxy" } }
      environment       = { FARGATEDIRECT_MAX_CONNECTIONS = 2000 }
      %s
    }),
  ]
}
output "definitions" { value = jsonencode(local.definitions) }
`, more)
}

// What the function writes is what ECS keeps and answers, and is as it was in
// the next plan.
func TestAccProxyContainer(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: releaseFactories,
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			refusedPlan(containerConfig("stop_timeout = 300"), `Invalid value for "settings" parameter: stop_timeout: 300 is not a whole number from 2 to 120 \(for example stop_timeout = 60\)`),
			{
				Config: containerConfig(""),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("definitions")},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: func(s *tfstate.State) error {
					text, _ := s.RootModule().Outputs["definitions"].Value.(string)
					return a.registerable(t, text)
				},
			},
			refusedPlan(containerConfig("port = 1"), `there is no key "port" \(did you mean backend_port\?\); the keys are: backend_port, bucket,`),
			refusedPlan(containerConfig(`hostname_template = "{service}-{short_id}"`), `hostname_template: a container learns the task's id from ECS`),
			refusedPlan(strings.Replace(containerConfig(""), `"8080"`, `"http"`, 1), `backend_port: it must be a number, not a string`),
			refusedPlan(strings.Replace(containerConfig(""), `= var.nothing`, `= "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"`, 1), `secret_arn: the certificate is read either from a bucket`),
			refusedPlan(`output "x" { value = provider::fargatedirect::proxy_container("x") }`, `the argument must be an object, such as`),
			refusedPlan(`output "x" { value = provider::fargatedirect::proxy_container(null) }`, `must not be null`),
			{
				Config: containerConfig("") + `
output "sensitive" {
  value = [for bucket in [sensitive("my-certificates"), "my-certificates"] : issensitive(provider::fargatedirect::proxy_container({
    backend_port = 8080, bucket = bucket, prefix = "browser/", domain = "browser.example.com"
  }))]
}
output "image" { value = local.definitions[1].image }
output "release" { value = provider::fargatedirect::proxy_image() }
output "merged" {
  value = merge(local.definitions[1], { mountPoints = [{ sourceVolume = "x" }] }).mountPoints[0].sourceVolume
}
`,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("sensitive", knownvalue.ListExact([]knownvalue.Check{knownvalue.Bool(true), knownvalue.Bool(false)})),
					statecheck.ExpectKnownOutputValue("image", knownvalue.StringExact(releasedImage)),
					statecheck.ExpectKnownOutputValue("release", knownvalue.StringExact(releasedImage)),
					statecheck.ExpectKnownOutputValue("merged", knownvalue.StringExact("x")),
				},
			},
		},
	})
}

// A provider that is no release asks for the image.
func TestAccProxyContainer_noRelease(t *testing.T) {
	t.Parallel()
	newAccount(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			refusedPlan(containerConfig(""), `image: this provider is not of a release, so it knows no image`),
			refusedPlan(`output "x" { value = provider::fargatedirect::proxy_image() }`, `this provider is not of a release, so it knows no image`),
			{Config: strings.Replace(containerConfig(""), `image             = null`, `image = "proxy:1"`, 1)},
		},
	})
}

// registerable registers container definitions for Fargate, and compares what
// ECS answers with what it was given.
func (a *account) registerable(t *testing.T, text string) error {
	var given []types.ContainerDefinition
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return fmt.Errorf("reading %s: %w", text, err)
	}
	client := ecs.NewFromConfig(a.aws)
	out, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("browser"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, ContainerDefinitions: given,
	})
	if err != nil {
		return err
	}
	arn := out.TaskDefinition.TaskDefinitionArn
	described, err := client.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: arn})
	if err != nil {
		return err
	}
	if _, err := client.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: arn}); err != nil {
		return err
	}
	answered, err := json.Marshal(described.TaskDefinition.ContainerDefinitions[1])
	if err != nil {
		return err
	}
	if want, err := json.Marshal(given[1]); err != nil || string(answered) != string(want) {
		return fmt.Errorf("ECS answers\n%s\nand was given\n%s (%w)", answered, want, err)
	}
	return nil
}
