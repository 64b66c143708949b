using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>How often the condition of a litmus test held.</summary>
public enum LitmusObservation
{
    Never,
    Sometimes,
    Always,
}

/// <summary>What a model says of a litmus test.</summary>
public sealed record LitmusAnswer
{
    public required LitmusTest Test { get; init; }

    public required MemoryModel Model { get; init; }

    /// <summary>Final states in herd's form and order, each with the number of executions that end in it.</summary>
    public required IReadOnlyDictionary<string, long> States { get; init; }

    /// <summary>Executions in which the condition's proposition holds.</summary>
    public required long Positive { get; init; }

    /// <summary>Executions in which it does not.</summary>
    public required long Negative { get; init; }

    /// <summary>Everything was enumerated.</summary>
    public required bool IsComplete { get; init; }

    public required double Seconds { get; init; }

    /// <summary>An execution that decides the question; of <c>exists</c> and <c>~exists</c> one in which the proposition
    /// holds, of <c>forall</c> one in which it does not. Where the model allows none, one that it
    /// forbids; null where nothing at all leads there.</summary>
    public DrawnExecution? Witness { get; init; }

    /// <summary>Smallest sets of stronger orders that would forbid what the test asks about; empty where it is forbidden, and
    /// where no order forbids it.</summary>
    public IReadOnlyList<LitmusChange> Fixes { get; init; } = [];

    /// <summary>Orders that could be dropped without a new state; null if not asked.</summary>
    public IReadOnlyList<LitmusChange>? Spare { get; init; }

    /// <summary>Complete executions: one per reads-from and coherence.</summary>
    public long Executions => Positive + Negative;

    public LitmusObservation Observation =>
        Positive == 0 ? LitmusObservation.Never : Negative == 0 ? LitmusObservation.Always : LitmusObservation.Sometimes;

    /// <summary>The outcome asked about happens: of <c>exists</c> and <c>~exists</c> the proposition, of <c>forall</c> its
    /// opposite.</summary>
    public bool Happens => Test.Quantifier == LitmusQuantifier.ForAll ? Negative > 0 : Positive > 0;

    /// <summary>What the test claims is so: herd's Ok.</summary>
    public bool IsOk => Test.Quantifier switch
    {
        LitmusQuantifier.Exists => Positive > 0,
        LitmusQuantifier.NotExists => Positive == 0,
        _ => Negative == 0,
    };

    /// <summary>The test says that something must not, or must, happen, and it is not so.</summary>
    public bool IsViolated => Test.Quantifier != LitmusQuantifier.Exists && !IsOk;

    /// <summary>Herd's summary, line by line, without the hash.</summary>
    public IReadOnlyList<string> Summary =>
    [
        $"Test {Test.Name} {Test.Quantifier switch
        {
            LitmusQuantifier.Exists => "Allowed",
            LitmusQuantifier.NotExists => "Forbidden",
            _ => "Required",
        }}",
        $"States {States.Count}",
        .. States.Keys,
        IsOk ? "Ok" : "No",
        "Witnesses",
        $"Positive: {Positive} Negative: {Negative}",
        $"Condition {Test.ConditionText}",
        $"Observation {Test.Name} {Observation} {Positive} {Negative}",
    ];
}
