"""Systems that predict labels: baselines that learn, models on this machine, language models and their prompts."""
