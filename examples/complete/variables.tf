variable "region" {
  description = "Region of the clusters, and of everything else here."
  type        = string
}

variable "hosted_zone_id" {
  description = "Route 53 hosted zone above the domain; it takes the NS record of the domain's own zone."
  type        = string
}

variable "domain" {
  description = "Parent of the tasks' names, such as tasks.example.com; it gets a zone of its own."
  type        = string
}

variable "cluster_arns" {
  description = "ECS clusters whose tasks get names."
  type        = set(string)
}

variable "backend_container" {
  description = "Name of your own container in the task definition."
  type        = string
  default     = "app"
}

variable "backend_port" {
  description = "Port at which the server in your container listens for HTTP; on 127.0.0.1 is enough."
  type        = number
  default     = 8080
}

variable "proxy_image" {
  description = "Image of the proxy, pinned by its digest; null for the one of the provider's release."
  type        = string
  default     = null
}

variable "directory_url" {
  description = "ACME directory; Let's Encrypt's staging by default, whose certificates browsers do not trust."
  type        = string
  default     = "https://acme-staging-v02.api.letsencrypt.org/directory"
}

variable "ca_certificate_pem" {
  description = "Certificates to trust for the directory's own TLS; null for public authorities."
  type        = string
  default     = null
}

variable "profile" {
  description = "The authority's certificate profile; null for its default."
  type        = string
  default     = null
}

variable "notification_emails" {
  description = "Who is told of success and failure."
  type        = set(string)
  default     = []
}

variable "architecture" {
  description = "Processor of the Lambda functions."
  type        = string
  default     = "arm64"
}

variable "force_destroy" {
  description = "Whether destroying everything also destroys the certificates."
  type        = bool
  default     = false
}
