package proxycontainer

import (
	"maps"
	"slices"
)

// Definition is a container definition as RegisterTaskDefinition takes it
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html),
// in the form in which ECS answers it. What ECS would add, such as host ports
// and empty lists, is there already, so that comparing the two shows nothing
// that nobody changed.
type Definition struct {
	Name                   string            `json:"name"`
	Image                  string            `json:"image"`
	Essential              bool              `json:"essential"`
	User                   string            `json:"user"`
	ReadonlyRootFilesystem bool              `json:"readonlyRootFilesystem"`
	PortMappings           []PortMapping     `json:"portMappings"`
	Environment            []Variable        `json:"environment"`
	Secrets                []Secret          `json:"secrets,omitempty"`
	HealthCheck            HealthCheck       `json:"healthCheck"`
	DependsOn              []Dependency      `json:"dependsOn,omitempty"`
	StopTimeout            int               `json:"stopTimeout"` // seconds
	LinuxParameters        LinuxParameters   `json:"linuxParameters"`
	SystemControls         []SystemControl   `json:"systemControls"`
	LogConfiguration       *LogConfiguration `json:"logConfiguration,omitempty"`
	CPU                    int               `json:"cpu,omitempty"`               // units, 1024 of which are a processor
	Memory                 int               `json:"memory,omitempty"`            // MiB
	MemoryReservation      int               `json:"memoryReservation,omitempty"` // MiB
	MountPoints            []string          `json:"mountPoints"`                 // always empty
	VolumesFrom            []string          `json:"volumesFrom"`                 // always empty
}

// PortMapping is a port at which clients come in.
type PortMapping struct {
	ContainerPort int    `json:"containerPort"`
	HostPort      int    `json:"hostPort"`
	Protocol      string `json:"protocol"`
}

// Variable is one of the environment.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Secret is something that ECS reads when a task starts.
type Secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

// HealthCheck is how ECS asks whether the container is well. Times are seconds.
type HealthCheck struct {
	Command     []string `json:"command"`
	Interval    int      `json:"interval"`
	Timeout     int      `json:"timeout"`
	Retries     int      `json:"retries"`
	StartPeriod int      `json:"startPeriod"`
}

// Dependency is a container that starts before and stops after.
type Dependency struct {
	ContainerName string `json:"containerName"`
	Condition     string `json:"condition"`
}

// LinuxParameters are what the kernel allows.
type LinuxParameters struct {
	Capabilities Capabilities `json:"capabilities"`
}

// Capabilities are the privileges of root that a container has, or has not. Add
// may be empty and is there all the same: ECS answers an empty list, and AWS's
// provider for Terraform takes none at all for another definition.
type Capabilities struct {
	Add  []string `json:"add"`
	Drop []string `json:"drop"`
}

// SystemControl is a setting of the kernel.
type SystemControl struct {
	Namespace string `json:"namespace"`
	Value     string `json:"value"`
}

// LogConfiguration is where the container's output goes.
type LogConfiguration struct {
	LogDriver     string            `json:"logDriver"`
	Options       map[string]string `json:"options,omitempty"`
	SecretOptions []Secret          `json:"secretOptions,omitempty"`
}

// base is what every definition has.
func base() Definition {
	return Definition{
		Essential:              true,
		User:                   user,
		ReadonlyRootFilesystem: true,
		PortMappings:           []PortMapping{port(443)},
		HealthCheck: HealthCheck{
			Command:  []string{"CMD", binary, "health"},
			Interval: 10, Timeout: 5, Retries: 3,
			StartPeriod: leastStartPeriod,
		},
		LinuxParameters: LinuxParameters{Capabilities{Add: []string{}, Drop: []string{"ALL"}}},
		// Who is not root may listen on 443 then. It holds for all containers of
		// the task, because they share a network.
		SystemControls: []SystemControl{{Namespace: "net.ipv4.ip_unprivileged_port_start", Value: "0"}},
		MountPoints:    []string{},
		VolumesFrom:    []string{},
	}
}

// port is a port of the task's own network, where host and container are one.
func port(number int) PortMapping {
	return PortMapping{ContainerPort: number, HostPort: number, Protocol: "tcp"}
}

// sorted lists variables by name, as ECS may answer them in another order than
// they came in.
func sorted(variables map[string]string) []Variable {
	list := make([]Variable, 0, len(variables))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, Variable{Name: name, Value: variables[name]})
	}
	return list
}
