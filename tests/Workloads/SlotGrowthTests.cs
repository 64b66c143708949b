using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Hardware;
using Lab.Tests.Strategies;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>What slot-growth times and what it calls it.</summary>
public sealed class SlotGrowthTests
{
    [Fact]
    public void Sizes_go_up_to_memory_and_end_with_it()
    {
        string[] metrics = [.. Metrics(StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1 }), frames: 5000)];
        Assert.Equal(
            [.. new[] { "update", "create", "refault" }.SelectMany(
                what => new long[] { 0, 1, 8, 64, 512, 4096, 5000 }.Select(pages => $"{what}.pages_{pages}"))], metrics);
    }

    [Fact]
    public void Sizes_that_one_huge_leaf_maps_are_one_size()
    {
        string[] metrics = [.. Metrics(
            StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, LeafLevel = PageLevel.Size2M }), frames: 8192)];
        Assert.Equal(["update.pages_0", "update.pages_512", "update.pages_4096", "update.pages_8192"],
            metrics.Where(metric => metric.StartsWith("update", StringComparison.Ordinal)));
    }

    /// <summary>Step by step on the software walk: each size is deleted, created and faulted in again as often as it has
    /// pages.</summary>
    [Fact]
    public void On_the_software_walk_each_page_is_one_fault_after_the_create()
    {
        Vm<Metal> vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 });
        (Dictionary<string, long> steps, _) = Cycle(vm, frames: 256);
        foreach (long pages in new long[] { 0, 1, 8, 64, 256 })
        {
            Assert.Equal(20, steps[$"update.pages_{pages}"]);
            Assert.Equal(20, steps[$"create.pages_{pages}"]);
            Assert.Equal(20 * pages, steps.GetValueOrDefault($"refault.pages_{pages}"));
        }
    }

    /// <summary>The same where the processor walks: each page is touched once as a refault and once warm.</summary>
    [Theory]
    [InlineData("kernel")]
    [InlineData("workqueue")]
    public void In_the_guest_each_page_is_touched_once_again_and_once_warm(string strategy)
    {
        using (KvmBench? bench = KvmBench.TryMake()) if (bench is null) return;
        using IHardwareHost host = HardwareHosts.Open("kvm", new HardwareSettings { Contexts = 16 })!;
        Vm<Metal> vm = StrategyFixture.NewVm(strategy, new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 }, host);
        (Dictionary<string, long> steps, Dictionary<string, long> touches) = Cycle(vm, frames: 256);
        foreach (long pages in new long[] { 0, 1, 8, 64, 256 })
        {
            Assert.Equal(20, steps[$"update.pages_{pages}"]);
            Assert.Equal(20 * pages, touches.GetValueOrDefault($"refault.pages_{pages}"));
            Assert.Equal(20 * pages, touches.GetValueOrDefault($"warm.pages_{pages}"));
        }
    }

    /// <summary>A slot made behind the workload's back is a generation that nobody asked for.</summary>
    [Fact]
    public void A_generation_that_nobody_asked_for_is_a_wrong_answer()
    {
        Vm<Metal> vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, MemoryBytes = 8 << 20 });
        SlotGrowth<Metal> workload = new(new VmSource<Metal>(() => vm), new WorkloadParameters { MemoryBytes = 8 << 20 });
        vm.Slots.Create(9, GfnRange.Of(1 << 20, 1), MemslotFlags.None);
        Assert.Equal("the VM made 1 slot generations, 0 were asked for", workload.Finish());
    }

    private static IEnumerable<string> Metrics(Vm<Metal> vm, long frames)
    {
        SlotGrowth<Metal> workload = new(new VmSource<Metal>(() => vm), new WorkloadParameters { MemoryBytes = frames << 12 });
        string[] metrics = [.. workload.Actors.Single().Metrics];
        Assert.Null(workload.Finish());
        return metrics;
    }

    /// <summary>One cycle through all sizes: steps by metric, and touches by theirs.</summary>
    private static (Dictionary<string, long> Steps, Dictionary<string, long> Touches) Cycle(Vm<Metal> vm, long frames)
    {
        VmSource<Metal> source = new(() => vm);
        SlotGrowth<Metal> workload = new(source, new WorkloadParameters { MemoryBytes = frames << 12 });
        WorkloadActor actor = workload.Actors.Single();
        Dictionary<string, long> steps = [], touches = [];
        Actor.Enter("test");
        while (!actor.IsWarm && source.ViolationCount == 0)
        {
            actor.Prepare();
            if (actor.Step() is >= 0 and int metric)
            {
                steps[actor.Metrics[metric]] = steps.GetValueOrDefault(actor.Metrics[metric]) + 1;
            }
            if (actor.SampleIndex < 0 || actor.SampleMetrics.Count == 0) continue;
            string touched = actor.SampleMetrics[actor.SampleIndex];
            touches[touched] = touches.GetValueOrDefault(touched) + actor.ClaimTouches().Length;
        }
        Assert.Null(workload.Finish());
        Assert.Empty(source.Violations);
        Actor.Leave();
        return (steps, touches);
    }
}
