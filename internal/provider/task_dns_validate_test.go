package provider

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func text(v string) tftypes.Value { return tftypes.NewValue(tftypes.String, v) }

func number(v int64) tftypes.Value { return tftypes.NewValue(tftypes.Number, v) }

func texts(values ...string) tftypes.Value {
	var list []tftypes.Value
	for _, v := range values {
		list = append(list, text(v))
	}
	return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, list)
}

func tagsOf(keys ...string) tftypes.Value {
	tags := map[string]tftypes.Value{}
	for _, k := range keys {
		tags[k] = text("x")
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, tags)
}

// Each wrong argument is refused without any call to AWS, at its own path.
func TestTaskDNSValidates(t *testing.T) {
	t.Parallel()
	const cluster = "arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"
	good := map[string]tftypes.Value{
		"name": text("prod"), "domain": text("tasks.example.com"), "hosted_zone_id": text("Z0123456789ABCDEFGHIJ"), "cluster_arns": texts(cluster),
	}
	null := tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, []tftypes.Value{tftypes.NewValue(tftypes.String, nil)})
	for label, test := range map[string]struct {
		attribute string
		value     tftypes.Value
		problem   string // empty for none
	}{
		"nothing":               {"name", text("prod"), ""},
		"long name":             {"name", text(strings.Repeat("n", 33)), "1 to 32 of a-z, 0-9 and hyphen"},
		"longest name":          {"name", text(strings.Repeat("n", 32)), ""},
		"empty name":            {"name", text(""), "1 to 32"},
		"upper-case name":       {"name", text("Prod"), "1 to 32"},
		"hyphen at the end":     {"name", text("prod-"), "1 to 32"},
		"one label":             {"domain", text("example"), "only one label"},
		"wildcard":              {"domain", text("*.example.com"), "wildcard"},
		"dot at the end":        {"domain", text("example.com."), "ends with a dot"},
		"upper-case domain":     {"domain", text("Example.com"), "upper-case"},
		"underscore":            {"domain", text("_x.example.com"), "is not 1 to 63 of a-z"},
		"umlaut":                {"domain", text("bücher.example"), "ASCII form"},
		"empty label":           {"domain", text("a..example.com"), "is not 1 to 63"},
		"long label":            {"domain", text(strings.Repeat("l", 64) + ".example.com"), "is not 1 to 63"},
		"long domain":           {"domain", text(strings.Repeat("a.", 107) + "aaa"), "there is room for 216"},
		"longest domain":        {"domain", text(strings.Repeat("a.", 107) + "aa"), ""},
		"zone's path":           {"hosted_zone_id", text("/hostedzone/Z1"), `without "/hostedzone/"`},
		"zone's name":           {"hosted_zone_id", text("example.com"), "is not the id of a hosted zone"},
		"no clusters":           {"cluster_arns", texts(), "at least 1 elements"},
		"null cluster":          {"cluster_arns", null, "null"},
		"cluster's name":        {"cluster_arns", texts("browsers"), "is not the ARN of an ECS cluster"},
		"service's ARN":         {"cluster_arns", texts("arn:aws:ecs:eu-west-2:123456789012:service/browsers/x"), "is not the ARN of an ECS cluster"},
		"task's ARN":            {"cluster_arns", texts(cluster, "arn:aws:ecs:eu-west-2:123456789012:task/browsers/x"), "is not the ARN of an ECS cluster"},
		"cluster without name":  {"cluster_arns", texts("arn:aws:ecs:eu-west-2:123456789012:cluster/"), "is not the ARN of an ECS cluster"},
		"cluster with a path":   {"cluster_arns", texts(cluster + "/x"), "is not the ARN of an ECS cluster"},
		"cluster wildcard":      {"cluster_arns", texts("arn:aws:ecs:eu-west-2:123456789012:cluster/*"), "is not the ARN of an ECS cluster"},
		"no TTL":                {"ttl", number(0), "between 1 and 86400"},
		"negative TTL":          {"ttl", number(-1), "between 1 and 86400"},
		"long TTL":              {"ttl", number(86401), "between 1 and 86400"},
		"longest TTL":           {"ttl", number(86400), ""},
		"architecture":          {"architecture", text("x86"), "value must be one of"},
		"retention":             {"log_retention_days", number(2), "value must be one of"},
		"retention for ever":    {"log_retention_days", number(0), ""},
		"key's id":              {"kms_key_arn", text("1234abcd-12ab-34cd-56ef-1234567890ab"), "is not the ARN of kms key"},
		"key's alias":           {"kms_key_arn", text("arn:aws:kms:eu-west-2:123456789012:alias/x"), "is not the ARN of kms key"},
		"boundary's name":       {"permissions_boundary", text("boundary"), "is not the ARN of iam policy"},
		"path without slash":    {"iam_path", text("team"), "must begin and end with a slash"},
		"deep path":             {"iam_path", text("/a/b-c/"), ""},
		"AWS's tag":             {"tags", tagsOf("AWS:x"), "reserved"},
		"our tag":               {"tags", tagsOf("fargatedirect:resource"), "reserved"},
		"long tag":              {"tags", tagsOf(strings.Repeat("k", 129)), "1 to 128 characters"},
		"tag of a bracket":      {"tags", tagsOf("a[b]"), "other than letters"},
		"longest tag":           {"tags", tagsOf(strings.Repeat("ü", 128)), ""},
		"unknown":               {"domain", tftypes.NewValue(tftypes.String, tftypes.UnknownValue), ""},
		"unknown clusters":      {"cluster_arns", tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue), ""},
		"tag in China's script": {"tags", tagsOf("团队"), ""},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			given := maps.Clone(good)
			given[test.attribute] = test.value
			got := validate(t, "fargatedirect_task_dns", given)
			if test.problem == "" {
				if len(got) != 0 {
					t.Errorf("got %q", got)
				}
				return
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], `AttributeName("`+test.attribute+`")`) || !strings.Contains(got[0], test.problem) {
				t.Errorf("got %q, want %q at %s", got, test.problem, test.attribute)
			}
		})
	}
}
