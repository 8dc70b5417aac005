// Package sidecar runs the proxy on this machine as ECS runs it beside a
// server in a task: from its container's definition, with the endpoints that
// ECS gives to containers, and ended by SIGTERM. It is for the demo and for
// tests; the product does not import it.
package sidecar
