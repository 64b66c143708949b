namespace Lab.Explorer;

/// <summary>Placeholder: the search over programs is written elsewhere.</summary>
public static class Explore
{
    public static ExploreResult Check(
        Action<Scene> build, ExploreSettings? settings = null, Action<ExploreProgress>? observer = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
