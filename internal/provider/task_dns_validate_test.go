package provider

import (
	"maps"
	"slices"
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

// nested is an object of which what is not given is null.
func nested(types map[string]tftypes.Type, given map[string]tftypes.Value) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, kind := range types {
		values[name] = tftypes.NewValue(kind, nil)
	}
	maps.Copy(values, given)
	return tftypes.NewValue(tftypes.Object{AttributeTypes: types}, values)
}

// zoneRole is a hosted_zone_role; an empty external id is none.
func givenRole(arn, externalID string) tftypes.Value {
	given := map[string]tftypes.Value{"arn": text(arn)}
	if externalID != "" {
		given["external_id"] = text(externalID)
	}
	return nested(map[string]tftypes.Type{"arn": tftypes.String, "external_id": tftypes.String}, given)
}

func limit(name string, value float64) tftypes.Value {
	return nested(map[string]tftypes.Type{
		"requests_per_second": tftypes.Number, "request_burst": tftypes.Number, "changes_per_second": tftypes.Number, "change_burst": tftypes.Number,
	}, map[string]tftypes.Value{name: tftypes.NewValue(tftypes.Number, value)})
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
		"role":                  {"hosted_zone_role", givenRole("arn:aws:iam::210987654321:role/dns/names", "Team-1/x"), ""},
		"role without id":       {"hosted_zone_role", givenRole("arn:aws:iam::210987654321:role/names", ""), ""},
		"role's name":           {"hosted_zone_role", givenRole("names", ""), "is not the ARN of iam role"},
		"user's ARN":            {"hosted_zone_role", givenRole("arn:aws:iam::210987654321:user/names", ""), "is not the ARN of iam role"},
		"short external id":     {"hosted_zone_role", givenRole("arn:aws:iam::210987654321:role/names", "x"), "is not 2 to 1224"},
		"external id of spaces": {"hosted_zone_role", givenRole("arn:aws:iam::210987654321:role/names", "a b"), "is not 2 to 1224"},
		"publish on attached":   {"publish_on", text("attached"), ""},
		"publish on healthy":    {"publish_on", text("healthy"), "value must be one of"},
		"template":              {"hostname_template", text("{service}-{short_id}"), ""},
		"template without id":   {"hostname_template", text("{service}"), `hostname template "{service}": it must contain {task_id} or {short_id}`},
		"template of two":       {"hostname_template", text("{short_id}.x"), "a name is one label"},
		"template's variable":   {"hostname_template", text("{short_id}{x}"), "there is no variable {x}"},
		"long template":         {"hostname_template", text("{task_id}" + strings.Repeat("x", 28)), "a label has at most 63"},
		"interval":              {"reconcile_interval", text("1h30m"), ""},
		"shortest interval":     {"reconcile_interval", text("1m"), ""},
		"longest interval":      {"reconcile_interval", text("24h"), ""},
		"short interval":        {"reconcile_interval", text("59s"), "whole minutes from 1m to 24h"},
		"uneven interval":       {"reconcile_interval", text("90s"), "whole minutes from 1m to 24h"},
		"long interval":         {"reconcile_interval", text("24h1m"), "whole minutes from 1m to 24h"},
		"interval in words":     {"reconcile_interval", text("5 minutes"), "whole minutes from 1m to 24h"},
		"conflict":              {"on_conflict", text("take_over"), ""},
		"another conflict":      {"on_conflict", text("fail"), "value must be one of"},
		"rate":                  {"route53_limits", limit("requests_per_second", 0.5), ""},
		"no rate":               {"route53_limits", limit("changes_per_second", 0), "between 0.1"},
		"burst":                 {"route53_limits", limit("change_burst", 10), ""},
		"no burst":              {"route53_limits", limit("request_burst", 0), "between 1 and"},
		"bus":                   {"event_bus_arn", text("arn:aws:events:eu-west-2:123456789012:event-bus/browsers"), ""},
		"bus's name":            {"event_bus_arn", text("browsers"), "is not the ARN of events event-bus"},
		"topic":                 {"alarm_topic_arn", text("arn:aws:sns:eu-west-2:123456789012:ops"), ""},
		"queue for a topic":     {"alarm_topic_arn", text("arn:aws:sqs:eu-west-2:123456789012:ops"), "is not the ARN of sns"},
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
			// Of an object the path goes on.
			if len(got) != 1 || !strings.HasPrefix(got[0], `AttributeName("`+test.attribute+`")`) || !strings.Contains(got[0], test.problem) {
				t.Errorf("got %q, want %q at %s", got, test.problem, test.attribute)
			}
		})
	}
}

// How long a domain may be depends on the names below it. Only the template
// that the names are made by counts.
func TestTaskDNSDomainLength(t *testing.T) {
	t.Parallel()
	domain := func(length int) tftypes.Value {
		return text(strings.Repeat("a.", (length-2)/2) + "aaa"[:2+length%2])
	}
	unknown := tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	for label, test := range map[string]struct {
		template tftypes.Value
		length   int
		refused  bool
	}{
		"default":         {tftypes.NewValue(tftypes.String, nil), 216, false},
		"too long":        {tftypes.NewValue(tftypes.String, nil), 217, true},
		"short ids":       {text("{short_id}"), 238, false},
		"short and long":  {text("{short_id}"), 239, true},
		"free text":       {text("{service}-{short_id}"), 189, false},
		"free, long":      {text("{service}-{short_id}"), 190, true},
		"not known yet":   {unknown, 239, false},
		"a wrong one too": {text("{service}"), 239, false}, // that is what is told
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			got := validate(t, "fargatedirect_task_dns", map[string]tftypes.Value{
				"name": text("prod"), "domain": domain(test.length), "hosted_zone_id": text("Z0123456789ABCDEFGHIJ"),
				"cluster_arns": texts("arn:aws:ecs:eu-west-2:123456789012:cluster/browsers"), "hostname_template": test.template,
			})
			refused := slices.ContainsFunc(got, func(line string) bool {
				return strings.HasPrefix(line, `AttributeName("domain")`) && strings.Contains(line, "there is room for")
			})
			if refused != test.refused {
				t.Errorf("got %q", got)
			}
		})
	}
}
