using Lab.Application.Settings;
using Lab.Mmu;
using Lab.Tests.Mmu;
using Lab.Tests.Strategies;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>The workloads of shapes H2 to H4 by hand, on one thread or with a thread that waits: what they record, and
/// when.</summary>
public class ZapShapesTests
{
    [Theory]
    [InlineData("mainline", ZapPasses.AsSource, "section.4k section.2m section.1g section.root")]
    [InlineData("mainline", ZapPasses.Tables, "section.2m section.1g section.root")]
    [InlineData("workqueue", ZapPasses.AsSource, "section.1g section.root")]
    [InlineData("baseline", ZapPasses.AsSource, "section.root")]
    [InlineData("slot-zap", ZapPasses.AsSource, "")]
    public void An_update_has_sections_by_level_and_the_longest_of_all_but_single_leafs(
        string strategy, ZapPasses passes, string expected)
    {
        using Hand<ZapGranularity<Metal>> hand = new(strategy, new VmSettings { Vcpus = 1, Passes = passes });
        Dictionary<string, long> update = hand.RunUntilUpdated();
        string[] levels = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(levels, update.Keys.Where(name => name.StartsWith("section.", StringComparison.Ordinal)));
        Assert.Equal(levels.Length != 0, update.ContainsKey("section"));
        if (levels.Length == 0) return;
        Assert.Equal(levels.Where(level => level != "section.4k").Max(level => update[level]), update["section"]);
        // Single leafs are too short to compare on a machine that is doing something else; a root full of them is not.
        if (strategy == "baseline") Assert.True(update["section"] > 2048, $"2,048 leafs took {update["section"]} ns");
    }

    [Fact]
    public void The_next_update_of_a_convoy_waits_for_the_last_vcpu()
    {
        using Hand<ReloadConvoy<Metal>> hand = new("mainline", new VmSettings { Vcpus = 2 });
        hand.Step("vcpu0");
        hand.Step("updater");
        Assert.Equal(0, hand.Vm.FastZaps);
        hand.Step("vcpu1");
        hand.Step("updater");
        Assert.Equal(1, hand.Vm.FastZaps);
        Assert.DoesNotContain("convoy", hand.Phases("updater").Keys);

        hand.StepUntil("vcpu0", () => !hand.Vm.Strategy.IsInvalid(hand.Vm.Vcpus[0].Root));
        hand.Step("updater");
        Assert.False(hand.SlotExists, "a vCPU has not reloaded");
        Assert.Empty(hand.Phases("updater"));
        long before = Metal.Now - hand.Vm.ReloadRequestedAt;
        hand.StepUntil("vcpu1", () => !hand.Vm.Strategy.IsInvalid(hand.Vm.Vcpus[1].Root));
        hand.Step("updater");
        Assert.True(hand.SlotExists);
        Assert.Equal(["convoy"], hand.Phases("updater").Keys);
        Assert.InRange(hand.Phases("updater")["convoy"], before, Metal.Now - hand.Vm.ReloadRequestedAt);
    }

    [Fact]
    public void Where_roots_stay_there_is_no_convoy()
    {
        using Hand<ReloadConvoy<Metal>> hand = new("slot-zap", new VmSettings { Vcpus = 1 });
        hand.Step("vcpu0");
        for (int step = 0; step < 4; step++)
        {
            hand.Step("updater");
            Assert.DoesNotContain("convoy", hand.Phases("updater").Keys);
        }
        Assert.Equal(2, hand.Vm.FastZaps);
    }

    [Theory]
    [InlineData(RootLoad.AsSource, null)]
    [InlineData(RootLoad.Shared, null)]
    [InlineData(RootLoad.Exclusive, "mmu_lock, exclusive")]
    public void A_root_is_loaded_and_put_under_the_hold_that_is_asked_for(RootLoad load, string? wait)
    {
        using Vm<Metal> vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, RootLoad = load });
        foreach (Action step in (Action[])[() => vm.Vcpus[0].Serve(VcpuExit.Request), vm.Vcpus[0].Unload])
        {
            SharedHold hold = vm.EnterShared();
            ActorThread vcpu = new("vcpu", step);
            if (wait is not null) vcpu.AwaitWaitingFor(wait);
            else vcpu.Join();
            vm.Exit(hold);
            if (wait is not null) vcpu.Join();
        }
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    [Fact]
    public void A_strategy_that_relies_on_the_exclusive_hold_gets_no_vm_without_it() =>
        Assert.Throws<NotSupportedException>(
            () => StrategyFixture.NewVm("workqueue", new VmSettings { Vcpus = 1, RootLoad = RootLoad.Shared }));

    [Fact]
    public void Vcpus_beside_bystanders_have_a_root_per_role()
    {
        using Hand<Bystander<Metal>> hand = new("mainline", new VmSettings { Vcpus = 3 });
        foreach (string vcpu in (string[])["vcpu0", "vcpu1", "vcpu2"]) hand.Step(vcpu);
        Assert.Equal(3, hand.Vm.Roots.CountRoots());
    }

    [Fact]
    public void A_bystander_says_how_late_it_woke_and_a_real_time_one_is_there_or_missing_with_a_note()
    {
        using Hand<Bystander<Metal>> hand = new("mainline", new VmSettings { Vcpus = 1 });
        Assert.NotEqual(hand.Has("bystander-rt"), hand.Workload.Notes.Count == 1);
        hand.Step("bystander");
        Assert.Equal(["wakeup"], hand.Phases("bystander").Keys);
        // The moments go on while it sleeps: whoever is late for one is late for the next.
        long begin = Metal.Now;
        while (Metal.Now - begin < 3_000_000) Thread.SpinWait(100);
        hand.Step("bystander");
        Assert.InRange(hand.Phases("bystander")["wakeup"], 1_900_000, long.MaxValue);
    }

    [Theory]
    [InlineData("--root-load", "source", null)]
    [InlineData("--root-load", "exclusive", "exclusive")]
    [InlineData("--worker-nice", "0", null)]
    [InlineData("--worker-nice", "7", "7")]
    [InlineData("--wake-every", "1ms", null)]
    [InlineData("--wake-every", "2ms", "2ms")]
    public void A_manifest_has_a_setting_where_it_is_not_the_default(string option, string given, string? recorded) =>
        Assert.Equal(recorded, RunRequest.Read([option, given]).Describe().GetValueOrDefault(option[2..]));

    /// <summary>A workload whose actors make their steps on the test's thread, when the test says so.</summary>
    private sealed class Hand<TWorkload> : IDisposable
        where TWorkload : Workload<Metal>
    {
        private readonly VmSource<Metal> _source;

        public Hand(string strategy, VmSettings settings)
        {
            const long MemoryBytes = WorkloadRun.MemoryBytes;
            _source = new(() => StrategyFixture.NewVm(strategy, settings with { MemoryBytes = MemoryBytes }));
            Workload = (TWorkload)Activator.CreateInstance(
                typeof(TWorkload), _source, new WorkloadParameters { MemoryBytes = MemoryBytes })!;
            Vm = Assert.Single(_source.Alive);
        }

        public TWorkload Workload { get; }

        public Vm<Metal> Vm { get; }

        public bool SlotExists => Vm.Slots.Published.TryGet(1, out _);

        public bool Has(string actor) => Workload.Actors.Any(one => one.Name == actor);

        public int Step(string actor)
        {
            Find(actor).Prepare();
            return Find(actor).Step();
        }

        public void StepUntil(string actor, Func<bool> isDone)
        {
            do Step(actor);
            while (!isDone());
        }

        /// <summary>Phases of the actor's last step that occurred.</summary>
        public Dictionary<string, long> Phases(string actor)
        {
            long[] phases = Find(actor).Phases.ToArray();
            return Find(actor).PhaseNames.Zip(phases).Where(one => one.Second >= 0).ToDictionary();
        }

        /// <summary>One update after the first vCPU has touched all of memory.</summary>
        public Dictionary<string, long> RunUntilUpdated()
        {
            ActorCounters counters = Actor.Current.Counters;
            long target = counters.Accesses + 2 * (WorkloadRun.MemoryBytes >> 12);
            StepUntil("vcpu0", () => counters.Accesses >= target);
            while (Step("updater") < 0) Step("vcpu0");
            return Phases("updater");
        }

        public void Dispose()
        {
            Assert.Null(Workload.Finish());
            Assert.Empty(_source.Violations);
        }

        private WorkloadActor Find(string actor) => Workload.Actors.Single(one => one.Name == actor);
    }
}
