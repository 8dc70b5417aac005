package certreader

import (
	"context"
	"fmt"
)

type valueSource struct{ value string }

// FromValue takes a certificate's secret as ECS put it into the environment
// when the task started, by secrets of the container definition and the task's
// execution role. So the task role may be empty, and nobody is asked for
// anything.
//
// Such a value never changes, and renewals reach a task only when it is
// replaced. New does not wait: a value that cannot be used will not get better.
// Run looks for nothing, and says so once when the certificate expires.
// Version.Fixed is set, and Version.LastLook stays when New looked.
func FromValue(value string) Source { return &valueSource{value: value} }

func (*valueSource) String() string { return "the secret that the task was started with" }

func (v *valueSource) look(context.Context, mark) (found, error) {
	content, err := parseSecret([]byte(v.value))
	if err != nil {
		return found{}, fmt.Errorf("reading %s: %w; valueFrom in the container's secrets must be the secret's ARN with nothing behind it", v, err)
	}
	return found{
		mark: mark{version: hexSum([]byte(v.value))}, serial: content.Version,
		key: []byte(content.PrivateKey), chain: []byte(content.Certificate),
	}, nil
}

// fixed tells whether a source always has the same.
func fixed(source Source) bool {
	_, ok := source.(*valueSource)
	return ok
}
