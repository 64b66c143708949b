namespace Lab.Explorer;

/// <summary>The models under which code runs step by step: where each step happens at once, or a store waits in a
/// buffer.</summary>
internal static class ScheduledModels
{
    /// <exception cref="NotSupportedException">Another: dependencies of running code are invisible.</exception>
    internal static void Require(MemoryModel model)
    {
        if (model is MemoryModel.Sc or MemoryModel.Tso) return;
        throw new NotSupportedException($"Code is explored under Sc or Tso, not {model}: its dependencies are invisible; "
            + "write it as a litmus test for the weaker models.");
    }
}
