namespace Lab.Explorer;

/// <summary>A search through a scene that runs on a thread of its own, since code under control may never come back. Members are
/// called by who watches it, while it runs; <see cref="Of"/> after it has returned.</summary>
internal interface ISceneWalk
{
    /// <summary>Complete executions so far.</summary>
    long Executions { get; }

    /// <summary>Grows while the search gets on.</summary>
    long Progress { get; }

    /// <summary>Set if the search is to return soon.</summary>
    bool IsStopped { set; }

    /// <summary>Searches until everything is explored, something is found, or it is stopped.</summary>
    void Run();

    /// <summary>Nobody waits for it any more.</summary>
    void Abandon();

    ExploreResult Of(ExploreSettings settings, TimeSpan elapsed, string? stoppedBy);

    /// <summary>What is said if the code under control does not come back.</summary>
    ExploreResult NeverEnds(ExploreSettings settings, TimeSpan elapsed);
}
