using Lab.Explorer;
using Lab.Explorer.Litmus;

namespace Lab.Application.Exploring;

/// <summary>A litmus test to ask models about.</summary>
/// <param name="Source">Path of its file, or name of a program that comes with the lab.</param>
/// <param name="Read">Reads it; may throw <see cref="LitmusException"/>.</param>
public sealed record LitmusSubject(string Source, Func<LitmusTest> Read)
{
    /// <summary>What it is, in a sentence; empty for files.</summary>
    public string Story { get; init; } = "";
}

/// <summary>Litmus tests and the models to ask about them.</summary>
public sealed record LitmusRequest(IReadOnlyList<LitmusSubject> Subjects, IReadOnlyList<MemoryModel> Models)
{
    /// <summary>Several models are compared, none is asked for: what one allows is no violation.</summary>
    public bool IsComparison { get; init; }

    public LitmusQuestions Questions { get; init; } = LitmusQuestions.Fix;

    /// <summary>For all together.</summary>
    public TimeSpan Budget { get; init; } = Timeout.InfiniteTimeSpan;
}
