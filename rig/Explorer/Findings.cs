using Lab.Explorer.Candidates;
using Lab.Mmu;

namespace Lab.Explorer;

/// <summary>How shared memory behaves.</summary>
public enum MemoryModel
{
    /// <summary>Sequential consistency: one order of all events.</summary>
    Sc,

    /// <summary>x86-TSO: stores wait in a buffer per thread, first in first out; the thread itself sees them at once; locked
    /// instructions and fences drain it.</summary>
    Tso,

    /// <summary>Release-acquire: every load acquires, every store releases; no fence does more.</summary>
    Ra,

    /// <summary>RC11: C11 as repaired, without load buffering.</summary>
    Rc11,

    /// <summary>ARMv8, acquire loads by ldar.</summary>
    Arm,

    /// <summary>ARMv8, acquire loads by ldapr, which do not wait for earlier release stores.</summary>
    ArmLdapr,

    /// <summary>The Linux kernel's memory model.</summary>
    Lkmm,
}

/// <summary>What the explorer can say of a program within the bound that it states.</summary>
public enum Verdict
{
    /// <summary>Nothing wrong was found in what was explored; <see cref="ExploreResult.IsComplete"/> says whether that is
    /// everything.</summary>
    NothingFound,

    /// <summary>A schedule breaks the program; <see cref="ExploreResult.Failure"/> is that schedule.</summary>
    Violated,

    /// <summary>The code cannot be explored: it is nondeterministic, touches shared state behind the machine's back, or never
    /// ends.</summary>
    Uncontrollable,
}

/// <summary>A broken promise.</summary>
/// <param name="Invariant">Number in section 12 of the reference ("I1"), or "deadlock", "livelock", "lost wake-up", "check",
/// "exception", "never ends", "nondeterministic", "too small", "undeclared word", "unsupported".</param>
/// <param name="Claim">The invariant in a sentence.</param>
/// <param name="What">What was seen, with its numbers.</param>
public sealed record Finding(string Invariant, string Claim, string What)
{
    internal Finding(Invariant invariant, string what) : this(invariant.Number, invariant.Sentence, what)
    {
    }
}

/// <summary>A root as it is after a step.</summary>
/// <param name="Name">"A", "B", … in order of creation.</param>
/// <param name="Count">Its reference count.</param>
/// <param name="IsInvalid">Its role says invalid.</param>
/// <param name="Holders">Who holds the references, in words: "vcpu0, item".</param>
public sealed record RootView(string Name, long Count, bool IsInvalid, string Holders);

/// <summary>One step of a schedule.</summary>
/// <param name="Agent">Index into <see cref="Failure.Agents"/>.</param>
/// <param name="What">The event in words, as "get A 1→2", "lock mmu_lock shared", "load x = 0".</param>
/// <param name="Location">File and line of the code under control, as "AsyncPut.cs:31", or null.</param>
/// <param name="Roots">The roots after the step, if they differ from those before it; otherwise empty.</param>
/// <param name="IsNotable">It is a step that the story is made of (changes a count, a role, takes or drops a lock), not a read in
/// between.</param>
public sealed record Step(int Agent, string What, string? Location, IReadOnlyList<RootView> Roots, bool IsNotable);

/// <summary>A schedule that breaks the program, and how.</summary>
/// <param name="Finding">What went wrong at the last step.</param>
/// <param name="Agents">Names of the threads.</param>
/// <param name="Steps">All steps, the violating one last.</param>
/// <param name="Preemptions">Switches away from a thread that could have gone on.</param>
/// <param name="Replay">String that reproduces it.</param>
/// <param name="HasFewestPreemptions">All schedules with fewer preemptions were explored and none fails.</param>
/// <param name="HasFewestSteps">Among those with as few preemptions, no shorter one fails.</param>
public sealed record Failure(Finding Finding, IReadOnlyList<string> Agents, IReadOnlyList<Step> Steps, int Preemptions,
    string Replay, bool HasFewestPreemptions, bool HasFewestSteps)
{
    /// <summary>Under a weak memory model: the execution, in the place of steps.</summary>
    public FailingExecution? Execution { get; init; }
}

/// <summary>What an exploration found, and how much of the program it covered.</summary>
public sealed record ExploreResult
{
    public required Verdict Verdict { get; init; }

    /// <summary>Complete executions explored; under the optimal search, one per equivalence class.</summary>
    public required long Executions { get; init; }

    /// <summary>Executions that broke a promise; more than one only if told to keep going.</summary>
    public long Violations { get; init; }

    /// <summary>Executions cut short because a thread could never go on (assume, lock) or because their state had been
    /// seen.</summary>
    public long Cut { get; init; }

    /// <summary>Of a strategy: the shape of the page tables that it was explored on, in words.</summary>
    public string? Shape { get; init; }

    /// <summary>Of a strategy: what keeps the number of executions small without leaving an outcome out: "shared-words" (no
    /// choice at an access that a lock or one thread keeps from others), "sleep-sets" (one order of steps that touch nothing in
    /// common), "recalled-steps" (<see cref="Runs"/>).</summary>
    public IReadOnlyList<string> Reductions { get; init; } = [];

    /// <summary>Executions that were run, those to learn from and to check with included; null if all were, because nothing was
    /// recalled.</summary>
    public long? Runs { get; init; }

    /// <summary>Why recalling was given up, and all began again without; null if it was not.</summary>
    internal string? WhyRun { get; init; }

    /// <summary>Distinct states kept, if the search keeps states; otherwise zero.</summary>
    public long States { get; init; }

    /// <summary>Events executed, replays of prefixes included.</summary>
    public long Steps { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Everything within the bound was explored.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Nothing was found, and less was explored than was asked for: a budget or a limit ended it, or somebody did. A
    /// sample of as many schedules as were asked for has not ended early, though it is not complete either.</summary>
    public bool EndedEarly { get; init; }

    /// <summary>Loops that do something while they wait were followed for some turns only.</summary>
    public bool HasLeftOutTurns { get; init; }

    /// <summary>False for one of several whose turn never came.</summary>
    public bool WasBegun { get; init; } = true;

    /// <summary>The bound in words: "all schedules", "at most 2 preemptions", "10,000 random schedules", and how far it got if it
    /// is not complete.</summary>
    public required string Bound { get; init; }

    /// <summary>For PCT: the probability with which a bug of the depth asked for would have been found; null otherwise.</summary>
    public double? FindsWithProbability { get; init; }

    /// <summary>Observed outcomes and how many executions had each.</summary>
    public IReadOnlyDictionary<string, long> Outcomes { get; init; } = new Dictionary<string, long>();

    /// <summary>Promises that are broken without anything going wrong (the reference calls them claims), one each.</summary>
    public IReadOnlyList<Finding> Claims { get; init; } = [];

    public Failure? Failure { get; init; }

    /// <summary>For a part of a strategy's search; null for a whole one.</summary>
    public Strategies.PartFound? Part { get; init; }

    /// <summary>For a test: throws what is wrong with the program, with the schedule that shows it, or that it was not explored
    /// to its end.</summary>
    /// <exception cref="ExplorationException">Something is wrong, or less was explored than was asked for.</exception>
    public void ThrowUnlessNothingFound()
    {
        if (Verdict != Verdict.NothingFound || EndedEarly) throw new ExplorationException(this);
    }

    /// <summary>The verdict and, if there is a schedule that fails, that schedule and the string that replays it.</summary>
    public override string ToString()
    {
        string bound = $"{(EndedEarly ? "so far, INCOMPLETE " : "")}(bound: {Bound})";
        if (Failure is not { } failure) return $"nothing found {bound}";
        return string.Join('\n', [
            $"{(Verdict == Verdict.Violated ? "VIOLATED" : "CANNOT BE EXPLORED")} {failure.Finding.Invariant} — "
                + failure.Finding.Claim,
            failure.Finding.What,
            .. failure.Steps.Count == 0 ? [] : ScheduleTable.Text(failure, allSteps: true).Prepend(""),
            .. failure.Execution is { } execution ? Told(execution, failure.Agents) : [],
            .. failure.Replay.Length == 0 ? (string[])[] : ["", $"replay: {failure.Replay}"],
        ]);
    }

    private static IEnumerable<string> Told(FailingExecution execution, IReadOnlyList<string> threads)
    {
        const int Width = 100;
        string model = $"under {MemoryModels.NameOf(execution.Model)}, {MemoryModels.StoryOf(execution.Model)}:";
        return [model, "", .. execution.Table(threads, Width), .. execution.Conclusions()];
    }
}

/// <summary>What an exploration found; the message is the schedule, step by step.</summary>
public sealed class ExplorationException(ExploreResult result) : Exception(result.ToString())
{
    public ExploreResult Result { get; } = result;
}

/// <summary>How far an exploration is; handed to its observer now and then.</summary>
public readonly record struct ExploreProgress(string Phase, long Executions, long States, double Seconds, double? DoneShare)
{
    /// <summary>Seconds after which it stops, wherever it is; null if nothing stops it.</summary>
    public double? SecondsLeft { get; init; }
}
