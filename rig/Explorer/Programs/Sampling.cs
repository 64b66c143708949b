namespace Lab.Explorer;

/// <summary>The random searches.</summary>
internal static class Sampling
{
    internal static ExploreResult Run(Scene scene, ExploreSettings settings, Action<ExploreProgress>? observer, CancellationToken cancellation) =>
        throw new NotSupportedException($"The search {settings.Search} is not built yet.");
}
