using Lab.Mmu;
using Lab.Tests.Strategies;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>Every sound strategy goes through every workload: no oracle speaks, nothing is left over, and the workload's answer
/// is right.</summary>
public class SoundStrategyTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    public static TheoryData<string, string> Everything => new MatrixTheoryData<string, string>(
        [.. StrategyFixture.Sound],
        [.. Catalogue.Workloads.Select(NameOf)]);

    public static TheoryData<string> Sound => [.. StrategyFixture.Sound];

    [Fact]
    public void There_are_eight_sound_strategies_and_fifteen_workloads()
    {
        Assert.Equal(8, StrategyFixture.Sound.Count());
        Assert.Equal(15, Catalogue.Workloads.Count);
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Is_clean_on_the_workload(string strategy, string workload) =>
        WorkloadRun.Of(strategy, TypeOf(workload), Window).AssertClean();

    [Theory]
    [MemberData(nameof(Sound))]
    public void Is_clean_when_updates_move_slots_and_log_dirty_pages_and_roots_are_inserted_at_the_tail(string strategy) =>
        WorkloadRun.Of(
            strategy, typeof(MemslotChurn<>), Window,
            new VmSettings { Vcpus = 2, InsertAtTail = true, Workers = 3 },
            new WorkloadParameters().With(MemslotChurn.Operation, SlotOperation.Mix).With(MemslotChurn.Refill, 0)).AssertClean();

    [Theory]
    [MemberData(nameof(Sound))]
    public void Is_clean_with_every_window_held_open_a_little(string strategy) =>
        WorkloadRun.Of(
            strategy, typeof(RootToggle<>), Window,
            new VmSettings { Vcpus = 1,
                PauseNanoseconds = Enum.GetValues<PausePoint>().ToDictionary(point => point, _ => 20_000L) }).AssertClean();

    [Theory]
    [MemberData(nameof(Sound))]
    public void Is_clean_when_roots_are_loaded_and_put_under_the_exclusive_hold(string strategy) =>
        WorkloadRun.Of(
            strategy, typeof(ReloadConvoy<>), Window, new VmSettings { Vcpus = 3, RootLoad = RootLoad.Exclusive }).AssertClean();

    [Theory]
    [InlineData(ZapPasses.Root)]
    [InlineData(ZapPasses.Coarse)]
    [InlineData(ZapPasses.Fine)]
    [InlineData(ZapPasses.Tables)]
    public void Mainline_is_clean_at_every_granularity_with_huge_pages_and_yields_after_some_entries(ZapPasses passes) =>
        WorkloadRun.Of(
            "mainline", typeof(FaultStorm<>), Window,
            new VmSettings { Vcpus = 2, LeafLevel = PageLevel.Size2M, Passes = passes, Yield = YieldPolicy.AfterEntries,
                YieldEntries = 16 }).AssertClean();

    [Fact]
    public void The_bound_on_an_empty_guest_maps_nothing()
    {
        Vm<Metal> vm = StrategyFixture.NewVm("nothing-to-zap", new VmSettings { Vcpus = 1 });
        VmSource<Metal> source = new(() => vm);
        MemslotChurn<Metal> workload =
            new(source, new WorkloadParameters { MemoryBytes = WorkloadRun.MemoryBytes, EmptyGuest = true });
        long fixedBefore = Actor.Current.Counters.FaultsFixed;
        for (int round = 0; round < 20; round++)
        {
            foreach (WorkloadActor actor in workload.Actors)
            {
                actor.Prepare();
                actor.Step();
            }
        }
        Assert.Equal(fixedBefore, Actor.Current.Counters.FaultsFixed);
        Assert.True(vm.Slots.LastGeneration > 5);
        Assert.Null(workload.Finish());
        Assert.Empty(source.Violations);
    }

    [Fact]
    public void Last_put_leaves_as_many_leafs_to_its_put_as_it_says()
    {
        WorkloadRun run = WorkloadRun.Of("baseline", typeof(LastPut<>), Window);
        run.AssertClean();
        Assert.True(run.Steps["vcpu0"] >= 8, "not every size was put twice");
    }

    [Fact]
    public void Vm_destroy_makes_a_vm_for_each_that_it_destroys()
    {
        WorkloadRun run = WorkloadRun.Of("mainline", typeof(VmDestroy<>), Window);
        run.AssertClean();
        Assert.Equal(run.Steps["destroyer"], run.VmsMade);
    }

    [Theory]
    [InlineData("no-flush", "I6")]
    [InlineData("slot-zap-no-flush", "I21")]
    public void A_workload_stops_at_the_first_violation_of_a_broken_strategy(string strategy, string expected)
    {
        WorkloadRun run = WorkloadRun.Of(strategy, typeof(MemslotChurn<>), TimeSpan.FromSeconds(10),
            parameters: new WorkloadParameters().With(MemslotChurn.Refill, 0));
        Assert.Contains(run.Violations, violation => violation.Invariant == expected);
    }

    private static string NameOf(Type workload) => CardOf(workload).Name;

    private static WorkloadAttribute CardOf(Type workload) =>
        (WorkloadAttribute)Attribute.GetCustomAttribute(workload, typeof(WorkloadAttribute))!;

    private static Type TypeOf(string name) => Catalogue.Workloads.Single(workload => NameOf(workload) == name);
}
