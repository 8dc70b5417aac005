package proxycontainer

import (
	"fmt"
	"maps"
	"slices"
)

// logKey is the argument that says where logs go.
const logKey = "log_configuration"

// logDrivers are those of Fargate
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html).
var logDrivers = []string{"awslogs", "awsfirelens", "splunk"}

// logConfiguration reads what is written as in a container definition. Nothing
// is added: what is right for a driver is the driver's to say.
func (r *reader) logConfiguration() *LogConfiguration {
	object, ok := r.object(logKey)
	if !ok {
		return nil
	}
	c := &LogConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		if _, is := v.(Unknown); is {
			r.unknown = true
			continue
		}
		switch name {
		case "logDriver":
			c.LogDriver, _ = r.inner(logKey, name, v)
			if problem := oneOf(logDrivers...).problem(c.LogDriver); problem != "" {
				r.problem(logKey, "logDriver "+problem+", those of Fargate")
			}
		case "options":
			c.Options = r.logOptions(v)
		case "secretOptions":
			c.SecretOptions = r.secretOptions(v)
		default:
			r.problem(logKey, fmt.Sprintf("there is no %q in a container definition's log configuration; write logDriver, options and secretOptions", name))
		}
	}
	if object["logDriver"] == nil {
		r.problem(logKey, "logDriver is missing")
	}
	return c
}

func (r *reader) logOptions(v any) map[string]string {
	object, ok := v.(map[string]any)
	if !ok {
		r.problem(logKey, "options must be an object, not "+kind(v))
		return nil
	}
	options := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if object[name] == nil {
			continue
		}
		if text, ok := r.inner(logKey, "options."+name, object[name]); ok {
			options[name] = text
		}
	}
	return options
}

func (r *reader) secretOptions(v any) []Secret {
	list, ok := v.([]any)
	if !ok {
		r.problem(logKey, "secretOptions must be a list of objects, not "+kind(v))
		return nil
	}
	var secrets []Secret
	for i, element := range list {
		if _, is := element.(Unknown); is {
			r.unknown = true
			continue
		}
		object, ok := element.(map[string]any)
		if !ok || len(object) != 2 || object["name"] == nil || object["valueFrom"] == nil {
			r.problem(logKey, fmt.Sprintf("secretOptions[%d] must have name and valueFrom, and nothing else", i))
			continue
		}
		name, _ := r.inner(logKey, fmt.Sprintf("secretOptions[%d].name", i), object["name"])
		from, _ := r.inner(logKey, fmt.Sprintf("secretOptions[%d].valueFrom", i), object["valueFrom"])
		secrets = append(secrets, Secret{Name: name, ValueFrom: from})
	}
	return secrets
}
