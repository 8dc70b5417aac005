package main

// proxyFunctionMutants break the container definition that the provider makes.
func proxyFunctionMutants() []mutant {
	const (
		container  = "internal/proxycontainer/proxycontainer.go"
		definition = "internal/proxycontainer/definition.go"
		settings   = "internal/proxycontainer/settings.go"
		pkg        = "./internal/proxycontainer"
	)
	return []mutant{
		{
			name: "proxycontainer/any-host-by-default",
			file: container,
			old:  `if !r.may("domain") && !r.unsure("any_host") && !anyHost {`,
			new:  `if !r.may("domain") && !r.unsure("any_host") && !anyHost && r.is("any_host") {`,
			pkg:  pkg, test: "^TestNew_refused$",
		},
		{
			name: "proxycontainer/no-names-checked",
			file: container,
			old:  `is && len(list) == 0 {`,
			new:  `is && len(list) < 0 {`,
			pkg:  pkg, test: "^TestNew_refused$",
		},
		{
			name: "proxycontainer/runtime-crashes",
			file: settings,
			old:  `is && !s.form.MatchString(text) {`,
			new:  `is && s.form == nil {`,
			pkg:  pkg, test: "^TestNew_refused$",
		},
		{
			name: "proxycontainer/killed-before-drained",
			file: container,
			old:  "drain := d.StopTimeout - min(exitMargin, d.StopTimeout/2)",
			new:  "drain := d.StopTimeout",
			pkg:  pkg, test: "^TestNew_drain$",
		},
		{
			name: "proxycontainer/unknown-taken-for-missing",
			file: container,
			old:  `case !r.may("secret_arn") && !r.may("bucket") && !r.may("prefix"):`,
			new:  `case !r.is("secret_arn") && !r.may("bucket") && !r.may("prefix"):`,
			pkg:  pkg, test: "^TestNew_unknown$",
		},
		{
			name: "proxycontainer/key-in-the-definition",
			file: settings,
			old:  "if name == secretVariable {",
			new:  `if name == secretVariable+"_" {`,
			pkg:  pkg, test: "^TestNew_refused$",
		},
		{
			name: "proxycontainer/key-in-an-error",
			file: "internal/proxycontainer/checks.go",
			old:  `strings.Contains(text, "PRIVATE KEY")`,
			new:  `strings.Contains(text, "PUBLIC KEY")`,
			pkg:  pkg, test: "^TestNew_secretsAreNotTold$",
		},
		{
			name: "proxycontainer/empty-list-left-out",
			file: definition,
			old:  `	Add  []string ` + "`json:\"add\"`",
			new:  `	Add  []string ` + "`json:\"add,omitempty\"`",
			pkg:  pkg, test: "^TestNew_definition$",
		},
		{
			name: "proxycontainer/ended-while-it-waits",
			file: settings,
			old:  "variables[waitVariable])",
			new:  "variables[healthVariable])",
			pkg:  pkg, test: "^TestNew_startPeriod$",
		},
		{
			name: "proxycontainer/one-partition",
			file: "internal/proxycontainer/checks.go",
			old:  `^arn:aws[a-z-]*:secretsmanager:`,
			new:  `^arn:aws:secretsmanager:`,
			pkg:  pkg, test: "^TestNew_partitions$",
		},
		{
			name: "proxyimage/none-told",
			file: "internal/provider/proxy_image_function.go",
			old:  `if f.image == "" {`,
			new:  `if f.image == "none" {`,
			pkg:  "./internal/provider", test: "^TestProxyImage$",
		},
		{
			name: "proxycontainer/unknown-result-told",
			file: "internal/provider/proxy_container_function.go",
			old:  "	case !known:\n",
			new:  "	case !known && definition.Name == \"\":\n",
			pkg:  "./internal/provider", test: "^TestProxyContainer$",
		},
	}
}
