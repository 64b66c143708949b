using System.Diagnostics;
using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Mmu;
using Lab.Tests.Strategies;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>What a short run of a workload left behind.</summary>
/// <param name="Steps">Steps that had something to show, by actor.</param>
/// <param name="Wrong">What the workload's own answer says, or null.</param>
/// <param name="Violations">What the oracles of all its VMs say.</param>
/// <param name="VmsMade">VMs made.</param>
internal sealed record WorkloadRun(
    IReadOnlyDictionary<string, long> Steps, string? Wrong, IReadOnlyList<Violation> Violations, int VmsMade)
{
    /// <summary>What actors counted of their own.</summary>
    public IReadOnlyDictionary<string, double> Counted { get; private init; } = new Dictionary<string, double>();

    /// <summary>Guest memory of a smoke run: four leaf tables.</summary>
    public const long MemoryBytes = 8 << 20;

    /// <summary>Runs the workload's actors on a thread each, at full speed, for the window and until every actor has shown
    /// something.</summary>
    public static WorkloadRun Of(string strategy, Type workload, TimeSpan window, VmSettings? settings = null,
        WorkloadParameters? parameters = null, IHardwareHost? host = null)
    {
        settings ??= new VmSettings { Vcpus = 2 };
        parameters ??= new WorkloadParameters
            { Trace = VmmTrace.Load(VmmTrace.BuiltIn[0]) }.With(VmmTraceReplay.AtFullSpeed, true);
        settings = settings with { MemoryBytes = MemoryBytes };
        parameters = parameters with { MemoryBytes = MemoryBytes };
        VmSource<Metal> source = new(() => StrategyFixture.NewVm(strategy, settings, host));
        Workload<Metal> instance =
            (Workload<Metal>)Activator.CreateInstance(workload.MakeGenericType(typeof(Metal)), source, parameters)!;
        IReadOnlyList<WorkloadActor> actors = instance.Actors;
        long[] steps = new long[actors.Count];
        long begin = Stopwatch.GetTimestamp();

        bool IsOver()
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
            if (source.ViolationCount != 0 || elapsed > TimeSpan.FromSeconds(120)) return true;
            return elapsed > window && Array.TrueForAll(steps, count => Volatile.Read(ref count) > 0)
                && actors.All(actor => actor.IsWarm);
        }

        ActorThread.RunTogether([.. actors.Select((actor, index) => (Action)(() =>
        {
            while (!IsOver())
            {
                actor.Prepare();
                bool hasShown = actor.Step() >= 0 || actor.Phases.Length > 0 || actor.ClaimTouches().Length > 0;
                if (hasShown) Volatile.Write(ref steps[index], steps[index] + 1);
            }
            actor.Quiesce();
        }))]);

        string? wrong = instance.Finish();
        Assert.Empty(source.Alive);
        return new WorkloadRun(
            actors.Select((actor, index) => (actor.Name, Count: steps[index])).ToDictionary(pair => pair.Name,
                pair => pair.Count),
            wrong, source.Violations, source.Made)
        {
            Counted = actors.SelectMany(actor => actor.OwnCounters).ToDictionary(one => one.Name, one => one.Value),
        };
    }

    public void AssertClean()
    {
        Assert.Empty(Violations.Select(violation => $"{violation.Invariant}: {violation.What}"));
        Assert.Null(Wrong);
        Assert.All(Steps, actor => Assert.True(actor.Value > 0, $"{actor.Key} did nothing in the run"));
    }
}
