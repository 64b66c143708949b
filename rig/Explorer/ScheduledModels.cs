namespace Lab.Explorer;

/// <summary>The models under which code runs step by step: where each step happens at once, or a store waits in a
/// buffer.</summary>
internal static class ScheduledModels
{
    internal static bool Has(MemoryModel model) => model is MemoryModel.Sc or MemoryModel.Tso;

    /// <exception cref="NotSupportedException">Another model: an agent runs as a thread, a step at a time.</exception>
    internal static void Require(MemoryModel model)
    {
        if (Has(model)) return;
        throw new NotSupportedException($"Strategies are explored under sc or tso, not {MemoryModels.NameOf(model)}; write the "
            + "part in question as a scene of Explore.Check, or as a litmus test, for the weaker models.");
    }

    /// <exception cref="NotSupportedException">What is asked for is about schedules, or a part of their tree.</exception>
    internal static void RequireExecutions(ExploreSettings settings)
    {
        string model = MemoryModels.NameOf(settings.Model);
        if (settings.Search is not (Search.Optimal or Search.Replay))
        {
            throw new NotSupportedException($"Under {model} there are executions, not schedules: they are searched whole, so "
                + $"{settings.Search} is for sc and tso.");
        }
        if (settings.Slice != SearchSlice.Whole) RequireParts(settings.Model);
    }

    /// <exception cref="NotSupportedException">The search is no walk through a tree that can be cut.</exception>
    internal static void RequireParts(MemoryModel model)
    {
        if (Has(model)) return;
        throw new NotSupportedException(
            $"Under {MemoryModels.NameOf(model)} a search is not cut into parts; explore it whole.");
    }
}
