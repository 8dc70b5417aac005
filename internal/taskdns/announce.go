package taskdns

import "context"

// follow sees to it that the application learns what became of wants: a watch
// for each change, which tells of its names when all servers have them, and an
// event for each conflict. tasks are what is known of the tasks, by their ids.
// It answers an error for each task, by its id, of which nobody would learn.
func (h *Handler) follow(_ context.Context, _ outcome, _ map[string]task) map[string]error {
	return nil
}

// post sends messages to the function's own queue, which gives them out after
// a delay of so many seconds. It answers an error for each, nil if it was sent.
func (h *Handler) post(_ context.Context, bodies []string, _ int32) []error {
	return make([]error, len(bodies))
}
