package main

// proxyImageMutants break what the proxy's image is, and how a release comes
// to name it.
func proxyImageMutants() []mutant {
	const (
		pack = "tools/image/pack.go"
		push = "tools/image/push.go"
		pkg  = "./tools/image"
	)
	return []mutant{
		{
			name: "image/run-by-root",
			file: pack,
			old:  "user         = 65532",
			new:  "user         = 0",
			pkg:  pkg, test: "^TestPack$",
		},
		{
			name: "image/time-of-the-build",
			file: pack,
			old:  "header.Format, header.ModTime = tar.FormatUSTAR, epoch",
			new:  "header.Format, header.ModTime = tar.FormatUSTAR, time.Now()",
			pkg:  pkg, test: "^TestPack$",
		},
		{
			name: "image/tag-moved",
			file: push,
			old:  "	case v1.Hash{}:\n	default:",
			new:  "	case v1.Hash{}, has:\n	default:",
			pkg:  pkg, test: "^TestPush$",
		},
		{
			name: "image/registry-believed",
			file: push,
			old:  "if has != want {",
			new:  "if has != want && want == (v1.Hash{}) {",
			pkg:  pkg, test: "^TestPushBelievesNoRegistry$",
		},
		{
			name: "image/no-roots-of-trust",
			file: "proxy/main.go",
			old:  `_ "golang.org/x/crypto/x509roots/fallback"`,
			new:  `_ "embed"`,
			pkg:  "./proxy", test: "^TestRoots$",
		},
		{
			name: "image/settings-of-the-machine",
			file: "internal/gobuild/gobuild.go",
			old:  `!strings.HasPrefix(name, "GO")`,
			new:  `!strings.HasPrefix(name, "GOO")`,
			pkg:  "./internal/gobuild", test: "^TestEnvironment$",
		},
	}
}
