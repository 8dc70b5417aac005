// Command certcost prints what a fargatedirect_certbot costs a month, as the
// table in the documentation. The amounts of use are what the function does,
// rounded up; the prices are AWS's for us-east-1 without any free tier.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := table(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Prices in US dollars, as AWS's price pages had them in November 2026:
// aws.amazon.com/{cloudwatch,lambda,s3,sns,kms}/pricing.
const (
	perMetricMonth = 0.30
	perAlarmMonth  = 0.10
	perLogByte     = 0.50 / 1e9
	perInvocation  = 0.20 / 1e6
	perGBSecond    = 0.0000133334 // arm64
	perPut         = 0.005 / 1000 // lists cost the same
	perGet         = 0.0004 / 1000
	perByteMonth   = 0.023 / 1e9
	perEmail       = 2.00 / 100_000
	perKeyMonth    = 1.00
	perKeyRequest  = 0.03 / 10_000
	daysPerMonth   = 30
)

// What a run does that finds nothing due, at most: the authority's renewal
// information may be asked for again, and the memory changes.
const (
	getsPerRun         = 3 // the configuration, the lease, the last sweep
	getsPerCertificate = 8 // status, memory, pointer, version, and the copies
	putsPerCertificate = 2 // status, memory
	secondsPerRun      = 3.0
	bytesPerRun        = 2000
	bytesPerLook       = 3000
	// sweeps are one a day, each with a list and a write.
	putsPerSweep = 2
)

// What an issuance does beside.
const (
	putsPerIssuance    = 15 // lease, version, pointer, copies, status, memory
	getsPerIssuance    = 20
	secondsPerIssuance = 120.0 // mostly it waits for Route 53 and the authority
	messages           = 1
)

const (
	metricsPerResource    = 3
	metricsPerCertificate = 3
	alarms                = 3
	memoryGB              = 0.25
	// bytesStored are of three versions, copies and statuses, bytesPerPut of
	// what a status or memory leaves behind for noncurrentMonths.
	bytesStored      = 60_000
	bytesPerPut      = 2000
	noncurrentMonths = 3
)

// use is a resource as somebody uses it.
type use struct {
	name         string
	certificates float64
	// lifetime is the certificates', in days, and renewed is after how much of
	// it they are renewed.
	lifetime, renewed float64
	runsPerDay        float64
	// key tells whether everything is encrypted by a key of the user's.
	key bool
}

// month is the cost of one month, by what it is spent on.
type month struct{ watch, lambda, store, logs, messages, keys float64 }

func (m month) work() float64 { return m.lambda + m.store + m.logs + m.messages }

func (m month) total() float64 { return m.watch + m.work() + m.keys }

func cost(u use) month {
	runs := u.runsPerDay * daysPerMonth
	looks := runs * u.certificates
	issued := u.certificates * daysPerMonth / (u.lifetime * u.renewed)
	puts := looks*putsPerCertificate + daysPerMonth*putsPerSweep + issued*putsPerIssuance
	gets := runs*getsPerRun + looks*getsPerCertificate + issued*getsPerIssuance
	m := month{
		watch:    (metricsPerResource+metricsPerCertificate*u.certificates)*perMetricMonth + alarms*perAlarmMonth,
		lambda:   runs*perInvocation + (runs*secondsPerRun+issued*secondsPerIssuance)*memoryGB*perGBSecond,
		store:    puts*perPut + gets*perGet + (u.certificates*bytesStored+puts*bytesPerPut*noncurrentMonths)*perByteMonth,
		logs:     (runs*bytesPerRun + (looks+issued)*bytesPerLook) * perLogByte,
		messages: issued * messages * perEmail,
	}
	if u.key {
		m.keys = perKeyMonth + (puts+gets+issued)*perKeyRequest
	}
	return m
}

// table writes the costs as a table in Markdown.
func table(out io.Writer) error {
	var text strings.Builder
	text.WriteString("| certificates | metrics and alarms | Lambda, S3, logs, emails | KMS | together |\n|---|---|---|---|---|\n")
	for _, u := range []use{
		{"one for 90 days", 1, 90, 2. / 3, 4, false},
		{"the same, with `kms_key_arn`", 1, 90, 2. / 3, 4, true},
		{"one for six days, looked after each hour", 1, 6, 1. / 2, 24, false},
		{"ten for 45 days", 10, 45, 2. / 3, 4, false},
	} {
		m := cost(u)
		fmt.Fprintf(&text, "| %s | $%.2f | $%.2f | $%.2f | **$%.2f** |\n", u.name, m.watch, m.work(), m.keys, m.total())
	}
	_, err := io.WriteString(out, text.String())
	return err
}
