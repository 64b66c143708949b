using Lab.Measure;

namespace Lab.Tests.Measure;

/// <summary>An actor whose parts are given by the test.</summary>
internal sealed class ScriptedActor : IMeasuredActor
{
    public required string Name { get; init; }

    public ActorRole Role { get; init; } = ActorRole.Other;

    public IReadOnlyList<string> Metrics { get; init; } = ["op"];

    public double RatePerSecond { get; init; }

    public IReadOnlyList<string> PhaseNames { get; init; } = [];

    public long[] PhaseDurations { get; init; } = [];

    public Func<bool> Warm { get; init; } = () => true;

    public Action OnPrepare { get; init; } = () => { };

    public Func<int> OnStep { get; init; } = () => 0;

    public Action OnQuiesce { get; init; } = () => { };

    public Func<long> OnLookAtWork { get; init; } = () => 0;

    public long WorkAmidStep => OnLookAtWork();

    public bool IsWarm => Warm();

    public ReadOnlySpan<long> Phases => PhaseDurations;

    public void Prepare() => OnPrepare();

    public int Step() => OnStep();

    public void Quiesce() => OnQuiesce();
}
