# A server that knows nothing of TLS, at https://<task id>.browser.example.com.
# The proxy beside it reads the certificate from S3, and follows its renewals.

terraform {
  required_version = ">= 1.8"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    fargatedirect = {
      source = "fargatedirect/fargatedirect"
    }
  }
}

variable "region" {
  description = "Region of the cluster, and of everything else here."
  type        = string
}

variable "hosted_zone_id" {
  description = "Hosted zone of browser.example.com, or above it."
  type        = string
}

variable "cluster_arn" {
  description = "Cluster in which the tasks run."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets."
  type        = list(string)
}

variable "app_image" {
  description = "Image of the server for ARM64, which listens for HTTP on 127.0.0.1:8080 and has curl for its health check."
  type        = string
}

provider "aws" {
  region = var.region
}

provider "fargatedirect" {
  region = var.region
}

# A name for every running task, and one certificate for all of them.
resource "fargatedirect_task_dns" "browser" {
  name           = "browser"
  domain         = "browser.example.com"
  hosted_zone_id = var.hosted_zone_id
  cluster_arns   = [var.cluster_arn]
}

resource "fargatedirect_certbot" "browser" {
  name           = "browser"
  hosted_zone_id = var.hosted_zone_id

  certificates = {
    browser = { domains = [fargatedirect_task_dns.browser.wildcard_domain] }
  }
}

# What the containers may do: read the certificate, and nothing else. Every
# container of the task has this right, not only the proxy.
resource "aws_iam_role" "task" {
  name               = "browser-task"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "certificate" {
  name   = "certificate"
  role   = aws_iam_role.task.name
  policy = fargatedirect_certbot.browser.reader_policy_json["browser"]
}

# What ECS may do for the task: fetch images from ECR, and write logs.
resource "aws_iam_role" "execution" {
  name               = "browser-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_group" "browser" {
  name              = "/ecs/browser"
  retention_in_days = 30
}

locals {
  log_configuration = {
    logDriver = "awslogs"
    options = {
      "awslogs-group"         = aws_cloudwatch_log_group.browser.name
      "awslogs-region"        = var.region
      "awslogs-stream-prefix" = "task"
    }
  }
}

resource "aws_ecs_task_definition" "browser" {
  family                   = "browser"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = var.app_image
      essential        = true
      logConfiguration = local.log_configuration
      # No port is mapped: clients come by the proxy. Deployments wait for it to
      # be healthy, and so does the proxy.
      healthCheck = { command = ["CMD-SHELL", "curl -fsS http://127.0.0.1:8080/ || exit 1"], interval = 5, startPeriod = 60 }
    },
    provider::fargatedirect::proxy_container({
      backend_port      = 8080
      backend_container = "app"
      backend_condition = "HEALTHY"
      bucket            = fargatedirect_certbot.browser.bucket_name
      prefix            = "browser/"
      domain            = fargatedirect_task_dns.browser.domain
      redirect_http     = true
      log_configuration = local.log_configuration
    }),
  ])
}

# Browsers come in by HTTPS, and by HTTP to be redirected.
resource "aws_security_group" "browser" {
  name   = "browser"
  vpc_id = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "browser" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.browser.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "browser" {
  security_group_id = aws_security_group.browser.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

# It fails while there is no certificate, so that no task starts without one.
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.browser.name
  key     = "browser"
}

resource "aws_ecs_service" "browser" {
  name            = "browser"
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.browser.arn
  launch_type     = "FARGATE"
  desired_count   = 2

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.browser.id]
    assign_public_ip = true
  }

  # Tasks without a certificate, or the right to read it, do not start.
  depends_on = [
    data.fargatedirect_certificate.browser,
    aws_iam_role_policy.certificate,
    aws_iam_role_policy_attachment.execution,
  ]
}
