package sidecar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Parse reads a container's definition in the JSON of a task definition. What
// ECS knows no member for is refused.
func Parse(text []byte) (types.ContainerDefinition, error) {
	var c types.ContainerDefinition
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return types.ContainerDefinition{}, fmt.Errorf("reading the container's definition: %w", err)
	}
	if aws.ToString(c.Name) == "" || aws.ToString(c.Image) == "" {
		return types.ContainerDefinition{}, errors.New("reading the container's definition: it has no name or no image")
	}
	return c, nil
}

// Env is the container's environment, with changes to it. What ECS reads of
// secrets when a task starts is the caller's to add.
func Env(c types.ContainerDefinition, changes map[string]string) []string {
	values := map[string]string{}
	for _, v := range c.Environment {
		values[aws.ToString(v.Name)] = aws.ToString(v.Value)
	}
	maps.Copy(values, changes)
	env := make([]string, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		env = append(env, name+"="+values[name])
	}
	return env
}

// Check is what the container's health check runs, without the path of the
// binary. ECS runs it inside of the container, where there is no shell.
func Check(c types.ContainerDefinition) ([]string, error) {
	if c.HealthCheck == nil || len(c.HealthCheck.Command) < 2 || c.HealthCheck.Command[0] != "CMD" {
		return nil, errors.New("reading the container's definition: its health check runs no program")
	}
	return c.HealthCheck.Command[2:], nil
}
