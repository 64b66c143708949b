using Lab.Measure;
using Lab.Mmu;
using Lab.Strategies.Ageing;
using Lab.Strategies.Notifier;
using Lab.Strategies.Roots;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>A machine on virtual time is one machine and one driver: workload, strategy, MMU and recorders are those of a
/// measured run.</summary>
public sealed class SimulationTests
{
    [Fact]
    public void A_run_on_virtual_time_gives_the_same_histograms_twice()
    {
        string first = Simulate();
        Assert.Contains("updater update", first, StringComparison.Ordinal);
        Assert.Contains("vcpu0 fault", first, StringComparison.Ordinal);
        Assert.Equal(first, Simulate());
    }

    [Fact]
    public void What_an_update_takes_is_what_its_operations_cost()
    {
        using MeasuredRun run = Run();
        IReadOnlyList<LatencyRecorder> updates = run.Actors.Single(actor => actor.Role == ActorRole.Updater).Recorders;
        LatencyHistogram update = updates.Single(recorder => recorder.Metric == "update").Histogram;
        LatencyHistogram srcu = updates.Single(recorder => recorder.Metric == "update.phase.srcu").Histogram;
        // A delete publishes twice, and nothing but the two grace periods is in that phase.
        Assert.Equal((2 * Simulation.GracePeriod, 2 * Simulation.GracePeriod), (srcu.Min, srcu.Max));
        Assert.Equal(srcu.Count, update.Count);
        Assert.InRange(update.Min, (2 * Simulation.GracePeriod) + Simulation.Interrupt, long.MaxValue);
    }

    private static string Simulate()
    {
        using MeasuredRun run = Run();
        return string.Join('\n',
            from actor in run.Actors
            from recorder in actor.Recorders
            where recorder.Histogram.Count > 0
            select $"{actor.Name} {recorder.Metric} {string.Join(' ', recorder.Histogram.Buckets())}");
    }

    private static MeasuredRun Run()
    {
        const long MemoryBytes = 4 << 20;
        Simulation time = new();
        Simulated machine = new(time);
        VmDesign<Simulated> design =
            new(vm => new Mainline<Simulated>(vm), vm => new AlwaysCount<Simulated>(vm), vm => new NoAgeing<Simulated>(vm));
        VmSource<Simulated> source =
            new(() => new Vm<Simulated>(machine, new VmSettings { Vcpus = 1, MemoryBytes = MemoryBytes }, design), machine);
        MemslotChurn<Simulated> workload = new(source, new WorkloadParameters { MemoryBytes = MemoryBytes });
        machine.Leave();
        MeasuredRun run = new VirtualTimeDriver(time).Run(workload.Actors,
            new WindowSettings { Duration = TimeSpan.FromMilliseconds(20) }, cancellation: TestContext.Current.CancellationToken);
        Assert.Null(workload.Finish());
        Assert.Empty(source.Violations);
        machine.Leave();
        return run;
    }
}
