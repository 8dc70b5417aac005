package main

// certbotPlanMutants break what a certbot takes at plan and at apply.
func certbotPlanMutants() []mutant {
	const schema = "internal/provider/certbot_schema.go"
	return []mutant{
		{
			name: "provider/unknown-certificate-refused",
			file: schema,
			old:  "			Optional: true, ElementType: types.StringType,\n			MarkdownDescription: \"(Required.)",
			new:  "			Required: true, ElementType: types.StringType,\n			MarkdownDescription: \"(Required.)",
			pkg:  "./internal/provider", test: "^TestCertbotValidatesUnknown$",
		},
		{
			name: "provider/version-of-no-hmac-key-taken",
			file: schema,
			old:  "int64validator.AtLeast(1)",
			new:  "int64validator.AtLeast(0)",
			pkg:  "./internal/provider", test: "^TestCertbotValidates$",
		},
	}
}
