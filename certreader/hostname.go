package certreader

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	// metadataVariable is where ECS tells containers of its metadata.
	metadataVariable = "ECS_CONTAINER_METADATA_URI_V4"
	metadataTimeout  = 10 * time.Second
	// metadataAnswer is for how long one request waits for its answer.
	metadataAnswer = 3 * time.Second
	// metadataPause is the one after the first failure; the next are longer.
	metadataPause = 100 * time.Millisecond
	maxMetadata   = 1 << 20
	// maxHostname is the longest name that DNS takes.
	maxHostname = 253
)

var (
	// taskPattern takes ARNs with and without a cluster, and both forms of ids.
	taskPattern   = regexp.MustCompile(`^arn:aws[a-z-]*:ecs:[a-z0-9-]+:[0-9]{12}:task/(?:[A-Za-z0-9_-]{1,255}/)?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	domainPattern = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$`)
)

// Hostname is the name that fargatedirect_task_dns, with its usual template,
// gives to the task that asks: its id and the domain. It asks the metadata
// endpoint of ECS, again if that does not answer or is too busy, for 10 seconds
// at most; outside of ECS it is an error. The client may be nil. The name may
// not be in DNS yet.
func Hostname(ctx context.Context, client *http.Client, domain string) (string, error) {
	return HostnameFrom(ctx, client, "{"+taskVariable+"}", domain)
}

// HostnameFrom is Hostname for another hostname_template of
// fargatedirect_task_dns, of {task_id}, {short_id}, letters, digits and
// hyphens. The other variables are an error: what they stand for is not known
// to a task.
func HostnameFrom(ctx context.Context, client *http.Client, template, domain string) (string, error) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if !domainPattern.MatchString(domain) {
		return "", fmt.Errorf("finding the task's name: %q is not a domain", domain)
	}
	if err := checkTemplate(template); err != nil {
		return "", fmt.Errorf("finding the task's name by the template %q: %w", template, err)
	}
	id, err := taskID(ctx, client)
	if err != nil {
		return "", fmt.Errorf("finding the task's name: %w", err)
	}
	name := fillTemplate(template, id) + "." + domain
	if len(name) > maxHostname {
		return "", fmt.Errorf("finding the task's name: %s is longer than DNS takes", name)
	}
	return name, nil
}

func taskID(ctx context.Context, client *http.Client) (string, error) {
	base, err := url.Parse(os.Getenv(metadataVariable))
	if err != nil || base.Scheme != "http" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return "", fmt.Errorf("%s is not set to a URL, as it is in a container of ECS", metadataVariable)
	}
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	var why error
	for pause := metadataPause; ; pause *= 2 {
		text, again, err := askMetadata(ctx, client, base.JoinPath("task").String())
		if err == nil {
			return parseTask(text)
		}
		// That the time is over says less than what went wrong before.
		if why == nil || ctx.Err() == nil {
			why = err
		}
		if !again || !sleep(ctx, pause) {
			return "", fmt.Errorf("asking the metadata endpoint: %w", why)
		}
	}
}

// askMetadata asks once, and tells of a failure whether to ask again.
func askMetadata(ctx context.Context, client *http.Client, address string) (text []byte, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, metadataAnswer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, false, err
	}
	// The endpoint is of this machine: no proxy leads there.
	direct := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if client != nil {
		direct = *client
	}
	// What answers with another place to ask is not the endpoint.
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := direct.Do(request)
	if err != nil {
		return nil, true, err
	}
	defer response.Body.Close()
	if status := response.StatusCode; status != http.StatusOK {
		return nil, status == http.StatusTooManyRequests || status >= 500, fmt.Errorf("it answered status %d", status)
	}
	text, err = bounded(response.Body, maxMetadata)
	return text, !errors.Is(err, errTooLong), err
}

// parseTask reads the task's id from the endpoint's answer.
func parseTask(text []byte) (string, error) {
	var task struct {
		TaskARN string
	}
	if err := decode(text, &task); err != nil {
		return "", fmt.Errorf("reading the metadata endpoint's answer: %w", err)
	}
	match := taskPattern.FindStringSubmatch(task.TaskARN)
	if match == nil {
		return "", errors.New("reading the metadata endpoint's answer: it names no task")
	}
	return match[1], nil
}
