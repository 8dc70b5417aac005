package proxycontainer

import (
	"strings"
	"testing"
)

func TestNew_refused(t *testing.T) {
	t.Parallel()
	logs := func(v any) object { return with(object{"log_configuration": v}) }
	sets := func(name string, v any) object { return with(object{"environment": object{name: v}}) }
	for name, test := range map[string]struct {
		arguments object
		want      string
	}{
		"slip":            {with(object{"backend_prot": n(80)}), `there is no key "backend_prot" (did you mean backend_port?); the keys are: backend_port, bucket, prefix, `},
		"dashes":          {with(object{"redirect-http": true}), "did you mean redirect_http?"},
		"part of a key":   {with(object{"protocol": "h2c"}), "did you mean backend_protocol?"},
		"null slip":       {with(object{"prot": nil}), `there is no key "prot"`},
		"nothing like it": {with(object{"xyzzy": 1}), `there is no key "xyzzy"; the keys are`},
		"no port":         {with(object{"backend_port": nil}), "backend_port: it is required"},
		"no number":       {with(object{"backend_port": "http"}), "backend_port: it must be a number, not a string (for example backend_port = 8080)"},
		"list for number": {with(object{"backend_port": []any{n(1)}}), "it must be a number, not a list"},
		"port 0":          {with(object{"backend_port": n(0)}), "0 is not a whole number from 1 to 65535"},
		"high port":       {with(object{"backend_port": n(65536)}), "65536 is not a whole number from 1 to 65535"},
		"half a port":     {with(object{"backend_port": n(80.5)}), "80.5 is not a whole number"},
		"endless":         {with(object{"backend_port": "Inf"}), "it must be a number"},
		"our port":        {with(object{"backend_port": n(443)}), "backend_port: the proxy itself listens on 443"},
		"our other port":  {with(object{"backend_port": n(80), "redirect_http": true}), "backend_port: the proxy itself listens on 80"},

		"no source":       {with(object{"bucket": nil, "prefix": nil}), "bucket: it is not said where the certificate is"},
		"no prefix":       {with(object{"prefix": nil}), "prefix: it is not said which of the bucket's certificates"},
		"no bucket":       {with(object{"bucket": nil}), "bucket: a prefix is one of a bucket"},
		"both":            {with(object{"secret_arn": anARN}), "secret_arn: the certificate is read either from a bucket"},
		"bucket's ARN":    {with(object{"bucket": "arn:aws:s3:::my-certificates"}), `is not the name of a bucket (for example bucket = fargatedirect_certbot`},
		"no slash":        {with(object{"prefix": "browser"}), "prefix: \"browser\" is not a prefix: folders that each end with a slash"},
		"secret's name":   {secretly(object{"secret_arn": "fargatedirect/browser"}), "is not the ARN of a secret"},
		"key of a secret": {secretly(object{"secret_arn": anARN + ":private_key::"}), "with no key and no version"},
		"whose reader":    {with(object{"secret_read_by": TaskRole}), "secret_read_by: there is no secret_arn"},
		"wrong reader":    {secretly(object{"secret_read_by": "task"}), `"task" is not one of "execution_role", "task_role"`},
		"no looks":        {secretly(object{"interval": "5m"}), "interval: ECS reads the secret when a task starts, and nobody afterwards"},
		"no region":       {secretly(object{"region": "eu-west-2"}), "region: ECS reads the secret"},
		"other region":    {secretly(object{"secret_read_by": TaskRole, "region": "eu-west-1"}), "region: the secret is in eu-west-2"},
		"zone":            {with(object{"region": "eu-west-2a"}), "is not a region"},
		"bare number":     {with(object{"interval": n(5)}), `interval: "5" is not a time of at most a day, such as "90s" or "5m"`},
		"back in time":    {with(object{"interval": "-5m"}), "is not a time"},

		"no guard":        {with(object{"domain": nil}), "domain: without it the proxy cannot know the task's name"},
		"guard by false":  {with(object{"domain": nil, "any_host": false}), "any_host = true will do"},
		"wildcard domain": {with(object{"domain": "*.browser.example.com"}), "domain: "},
		"long domain":     {with(object{"domain": strings.Repeat("a.", 107) + "aaa"}), "there is room for 216"},
		"template alone":  {with(object{"domain": nil, "any_host": true, "hostname_template": "{task_id}"}), "hostname_template: there is no domain"},
		"by service":      {with(object{"hostname_template": "{service}-{short_id}"}), "the proxy could not tell its own name from others"},
		"by tag":          {with(object{"hostname_template": "{tag:tenant}-{task_id}"}), "Let fargatedirect_task_dns make names of {task_id} or {short_id}"},
		"no id":           {with(object{"hostname_template": "login"}), "it must contain {task_id} or {short_id}"},
		"no names":        {with(object{"names": "*.example.com"}), "names: it must be a list of strings, not a string"},
		"null name":       {with(object{"names": []any{nil}}), "names: it must be a list of strings"},
		"none of names":   {with(object{"names": []any{}}), "names: an empty list would let a certificate for any names pass"},
		"wrong name":      {with(object{"names": []any{"x.*.example.com"}}), "names: "},

		"own container":   {with(object{"backend_container": "proxy"}), `backend_container: "proxy" is the proxy's own name`},
		"spaces":          {with(object{"name": "my proxy"}), `name: "my proxy" is not the name of a container`},
		"long name":       {with(object{"name": strings.Repeat("a", 256)}), "1 to 255 letters"},
		"condition alone": {with(object{"backend_condition": "START"}), "there is no backend_container to wait for"},
		"when it ended":   {with(object{"backend_container": "app", "backend_condition": "SUCCESS"}), "ECS would start the proxy when your server has ended"},
		"condition":       {with(object{"backend_container": "app", "backend_condition": "healthy"}), `"healthy" is not one of "START", "HEALTHY"`},
		"protocol":        {with(object{"backend_protocol": "https"}), `"https" is not one of "http1", "h2c"`},
		"no flag":         {with(object{"redirect_http": "yes"}), "redirect_http: it must be true or false, not a string"},
		"stop at once":    {with(object{"stop_timeout": n(1)}), "1 is not a whole number from 2 to 120"},
		"never stop":      {with(object{"stop_timeout": n(121)}), "121 is not a whole number from 2 to 120"},
		"image":           {with(object{"image": "proxy image"}), `"proxy image" is not a reference of an image`},
		"image's address": {with(object{"image": "https://example.com/proxy:1"}), "image: \"https://example.com/proxy:1\" is an address"},
		"short digest":    {with(object{"image": "proxy@sha256:abc"}), "is not a reference of an image"},
		"more reserved":   {with(object{"memory": n(64), "memory_reservation": n(64)}), "ECS wants it to be less than memory (64)"},
		"little memory":   {with(object{"memory": n(5)}), "5 is not a whole number from 6"},

		"no object":     {logs("awslogs"), "log_configuration: it must be an object, not a string"},
		"no driver":     {logs(object{"options": object{}}), "logDriver is missing"},
		"snake case":    {logs(object{"log_driver": "awslogs"}), `there is no "log_driver" in a container definition's log configuration; write logDriver`},
		"driver of EC2": {logs(object{"logDriver": "json-file"}), `logDriver "json-file" is not one of "awslogs", "awsfirelens", "splunk", those of Fargate`},
		"option":        {logs(object{"logDriver": "awslogs", "options": object{"a": []any{}}}), "options.a must be a string, not a list"},
		"options":       {logs(object{"logDriver": "awslogs", "options": "a=b"}), "options must be an object, not a string"},
		"log secrets":   {logs(object{"logDriver": "awslogs", "secretOptions": object{}}), "secretOptions must be a list of objects, not an object"},
		"log secret":    {logs(object{"logDriver": "awslogs", "secretOptions": []any{object{"name": "a"}}}), "secretOptions[0] must have name and valueFrom"},

		"no environment":  {with(object{"environment": []any{}}), "environment: it must be an object, not a list"},
		"other variable":  {sets("PATH", "/"), "the proxy has no setting PATH; the settings are: FARGATEDIRECT_CERTIFICATE_TIMEOUT, FARGATEDIRECT_HEADER_TIMEOUT"},
		"slip of a name":  {sets("FARGATEDIRECT_MAX_CONECTIONS", n(1)), "the proxy has no setting FARGATEDIRECT_MAX_CONECTIONS"},
		"set by a key":    {sets("FARGATEDIRECT_DRAIN_TIMEOUT", "5s"), "FARGATEDIRECT_DRAIN_TIMEOUT is set by the key stop_timeout; give that instead"},
		"of files":        {sets("FARGATEDIRECT_ONCE", true), "FARGATEDIRECT_ONCE cannot be set here: it is for the command that writes files"},
		"other listener":  {sets("FARGATEDIRECT_LISTEN", ":8443"), "port 443 is what the definition opens"},
		"the secret":      {sets("FARGATEDIRECT_SECRET", "{}"), "would put the private key into the task definition"},
		"no time":         {sets("FARGATEDIRECT_IDLE_TIMEOUT", n(60)), "FARGATEDIRECT_IDLE_TIMEOUT must be a time"},
		"no whole number": {sets("FARGATEDIRECT_MAX_CONNECTIONS", n(0.5)), "FARGATEDIRECT_MAX_CONNECTIONS must be a whole number from 1 to 1000000"},
		"long header":     {sets("FARGATEDIRECT_MAX_HEADER_BYTES", n(1<<20+1)), "FARGATEDIRECT_MAX_HEADER_BYTES must be a whole number from 1024 to 1048576"},
		"long time":       {sets("FARGATEDIRECT_IDLE_TIMEOUT", "24h1s"), "FARGATEDIRECT_IDLE_TIMEOUT must be a time of at most a day"},
		"no address":      {sets("FARGATEDIRECT_HEALTH_LISTEN", "9444"), "FARGATEDIRECT_HEALTH_LISTEN must be an address with a port"},
		"named address":   {sets("FARGATEDIRECT_HEALTH_LISTEN", "proxy:9444"), "FARGATEDIRECT_HEALTH_LISTEN must be an address with a port"},
		"health's port":   {with(object{"backend_port": n(9443)}), "the proxy tells its health at 127.0.0.1:9443, and port 9443 is taken; give FARGATEDIRECT_HEALTH_LISTEN another one"},
		"health at HTTPS": {sets("FARGATEDIRECT_HEALTH_LISTEN", "127.0.0.1:443"), "the proxy tells its health at 127.0.0.1:443, and port 443 is taken"},
		"memory limit":    {sets("GOMEMLIMIT", "96M"), `GOMEMLIMIT must be an amount of memory, such as "96MiB"`},
		"collector":       {sets("GOGC", "often"), "GOGC must be a percentage"},
		"list as setting": {sets("FARGATEDIRECT_IDLE_TIMEOUT", []any{}), "FARGATEDIRECT_IDLE_TIMEOUT must be a string, not a list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, known, err := New(test.arguments, release)
			if known || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v (known: %v), want %q", err, known, test.want)
			}
		})
	}
}

// All that is wrong is told at once, a line for each.
func TestNew_allProblems(t *testing.T) {
	t.Parallel()
	_, _, err := New(object{"backend_port": "x", "stop_timeout": n(0), "prt": n(1)}, release)
	if err == nil {
		t.Fatal("nothing was refused")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 5 {
		t.Errorf("got %d lines, want those of backend_port, bucket, domain, stop_timeout and prt:\n%v", len(lines), err)
	}
}

// A provider that is built from source knows no image.
func TestNew_noImage(t *testing.T) {
	t.Parallel()
	if _, _, err := New(with(nil), ""); err == nil || !strings.Contains(err.Error(), "image: this provider is not of a release, so it knows no image") {
		t.Errorf("got %v", err)
	}
	for _, image := range []string{"proxy:1", "localhost:5000/a/proxy", release, "proxy:1@sha256:" + strings.Repeat("0", 64)} {
		if d, known, err := New(with(object{"image": image}), ""); err != nil || !known || d.Image != image {
			t.Errorf("%s: got %q, %v", image, d.Image, err)
		}
	}
}

// Whoever gives a key or a secret where a name is wanted does not find it in
// Terraform's output.
func TestNew_secretsAreNotTold(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"
	for _, secret := range []string{key, strings.ReplaceAll(key, "\n", `\n`), strings.Repeat("MIGHAgEA", 200)} {
		for _, arguments := range []object{
			secretly(object{"secret_arn": secret}), with(object{"bucket": secret}), with(object{"domain": secret}), with(object{"names": []any{secret}}),
			with(object{"name": secret}), with(object{"image": secret}), with(object{"hostname_template": secret}), with(object{"interval": secret}),
			with(object{"log_configuration": object{"logDriver": secret}}), with(object{"environment": object{"FARGATEDIRECT_IDLE_TIMEOUT": secret}}),
			with(object{"backend_port": secret}), with(object{"environment": secret}), with(object{"access_log": secret}),
		} {
			_, _, err := New(arguments, release)
			if err == nil || strings.Contains(err.Error(), "MIGHAgEA") {
				t.Errorf("got %v", err)
			}
		}
	}
}
