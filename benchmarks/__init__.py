"""Speed side by side with peers; run by hand, results committed in results/."""
