using Lab.Application.Catalogue;
using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Mmu;
using Lab.Strategies;
using Lab.Tests.Explorer.Planted;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Strategies as plugins bring them, whose faults the catalogue does not know: what <c>lab explore</c> does by default
/// finds each of them, and rejects no sound one.</summary>
public sealed class PlantedTests
{
    /// <summary>Enough on a busy machine; on an idle one each is found in a second or two.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    public static TheoryData<string, Func<Vm<Explored>, RootStrategy<Explored>>> Faults => new()
    {
        { nameof(TornPut<>), vm => new TornPut<Explored>(vm) },
        { nameof(LooksThenPuts<>), vm => new LooksThenPuts<Explored>(vm) },
        { nameof(PutsThenLooks<>), vm => new PutsThenLooks<Explored>(vm) },
        { nameof(LastPutZaps<>), vm => new LastPutZaps<Explored>(vm) },
        { nameof(KeepsValid<>), vm => new KeepsValid<Explored>(vm) },
        { nameof(YieldsAtZero<>), vm => new YieldsAtZero<Explored>(vm) },
        { nameof(UnlinksFirst<>), vm => new UnlinksFirst<Explored>(vm) },
        { nameof(RevivesFirst<>), vm => new RevivesFirst<Explored>(vm) },
        { nameof(ReaderFrees<>), vm => new ReaderFrees<Explored>(vm) },
        { nameof(BlindGet<>), vm => new BlindGet<Explored>(vm) },
        { nameof(TornGet<>), vm => new TornGet<Explored>(vm) },
        { nameof(LooksOnce<>), vm => new LooksOnce<Explored>(vm) },
        { nameof(SharesReference<>), vm => new SharesReference<Explored>(vm) },
        { nameof(NotOwned<>), vm => new NotOwned<Explored>(vm) },
        { nameof(PutsForTwo<>), vm => new PutsForTwo<Explored>(vm) },
        { nameof(LoadsInvalid<>), vm => new LoadsInvalid<Explored>(vm) },
        { nameof(AnyRole<>), vm => new AnyRole<Explored>(vm) },
        { nameof(NoReference<>), vm => new NoReference<Explored>(vm) },
        { nameof(PutBeforeNext<>), vm => new PutBeforeNext<Explored>(vm) },
        { nameof(PutBeforeZap<>), vm => new PutBeforeZap<Explored>(vm) },
        { nameof(NoPut<>), vm => new NoPut<Explored>(vm) },
        { nameof(UnmarksLate<>), vm => new UnmarksLate<Explored>(vm) },
        { nameof(KeepsMark<>), vm => new KeepsMark<Explored>(vm) },
        { nameof(MarksInvalid<>), vm => new MarksInvalid<Explored>(vm) },
        { nameof(PutsInvalid<>), vm => new PutsInvalid<Explored>(vm) },
        { nameof(InvalidLast<>), vm => new InvalidLast<Explored>(vm) },
        { nameof(YieldsEarly<>), vm => new YieldsEarly<Explored>(vm) },
        { nameof(SkipsUnused<>), vm => new SkipsUnused<Explored>(vm) },
        { nameof(FirstOnly<>), vm => new FirstOnly<Explored>(vm) },
        { nameof(LeavesToPutter<>), vm => new LeavesToPutter<Explored>(vm) },
        { nameof(WrongHold<>), vm => new WrongHold<Explored>(vm) },
        { nameof(NoLock<>), vm => new NoLock<Explored>(vm) },
        { nameof(LosesList<>), vm => new LosesList<Explored>(vm) },
        { nameof(GiftByLook<>), vm => new GiftByLook<Explored>(vm) },
        { nameof(LeavesList<>), vm => new LeavesList<Explored>(vm) },
        { nameof(NoFlush<>), vm => new NoFlush<Explored>(vm) },
        { nameof(QueuesBare<>), vm => new QueuesBare<Explored>(vm) },
        { nameof(Requeues<>), vm => new Requeues<Explored>(vm) },
        { nameof(QueuesAtZero<>), vm => new QueuesAtZero<Explored>(vm) },
        { nameof(WorkerLooksBack<>), vm => new WorkerLooksBack<Explored>(vm) },
        { nameof(FlushUnderLock<>), vm => new FlushUnderLock<Explored>(vm) },
        { nameof(DestroyBesideWorker<>), vm => new DestroyBesideWorker<Explored>(vm) },
        { nameof(WalkWithoutSection<>), vm => new WalkWithoutSection<Explored>(vm) },
        { nameof(WorkerWithoutLock<>), vm => new WorkerWithoutLock<Explored>(vm) },
        { nameof(Rezaps<>), vm => new Rezaps<Explored>(vm) },
        { nameof(RezapsSilently<>), vm => new RezapsSilently<Explored>(vm) },
        { nameof(PingPong<>), vm => new PingPong<Explored>(vm) },
        { nameof(PingPongClaims<>), vm => new PingPongClaims<Explored>(vm) },
        { nameof(WaitsUnderLock<>), vm => new WaitsUnderLock<Explored>(vm) },
        { nameof(NoFence<>), vm => new NoFence<Explored>(vm) },
        { nameof(SpinsOnField<>), vm => new SpinsOnField<Explored>(vm) },
        { nameof(Crosswise<>), vm => new Crosswise<Explored>(vm) },
        { nameof(FlushesLate<>), vm => new FlushesLate<Explored>(vm) },
        { nameof(FirstTable<>), vm => new FirstTable<Explored>(vm) },
        { nameof(YieldsUnreferenced<>), vm => new YieldsUnreferenced<Explored>(vm) },
        { nameof(NoWake<>), vm => new NoWake<Explored>(vm) },
        { nameof(WakesFirst<>), vm => new WakesFirst<Explored>(vm) },
        { nameof(LooksAgain<>), vm => new LooksAgain<Explored>(vm) },
        { nameof(ExitsTwice<>), vm => new ExitsTwice<Explored>(vm) },
        { nameof(ReadsAgain<>), vm => new ReadsAgain<Explored>(vm) },
        { nameof(WaitsForItself<>), vm => new WaitsForItself<Explored>(vm) },
        { nameof(Modulo<>), vm => new Modulo<Explored>(vm) },
        { nameof(DestroysFirst<>), vm => new DestroysFirst<Explored>(vm) },
        { nameof(EnoughHolders<>), vm => new EnoughHolders<Explored>(vm) },
    };

    public static TheoryData<string, Func<Vm<Explored>, MmuNotifier<Explored>>> NotifierFaults => new()
    {
        { nameof(CountsAfter<>), vm => new CountsAfter<Explored>(vm) },
        { nameof(LastRange<>), vm => new LastRange<Explored>(vm) },
        { nameof(NormalRoots<>), vm => new NormalRoots<Explored>(vm) },
        { nameof(ForgetsFlush<>), vm => new ForgetsFlush<Explored>(vm) },
        { nameof(TwoFrames<>), vm => new TwoFrames<Explored>(vm) },
        { nameof(ReaperYields<>), vm => new ReaperYields<Explored>(vm) },
        { nameof(ReaperSleeps<>), vm => new ReaperSleeps<Explored>(vm) },
        { nameof(WaitsOnce<>), vm => new WaitsOnce<Explored>(vm) },
    };

    public static TheoryData<string, Func<Vm<Explored>, Ageing<Explored>>> AgeingFaults => new()
    {
        { nameof(SaysOld<>), vm => new SaysOld<Explored>(vm) },
        { nameof(StopsEarly<>), vm => new StopsEarly<Explored>(vm) },
        { nameof(AsksOnce<>), vm => new AsksOnce<Explored>(vm) },
        { nameof(LosesDirty<>), vm => new LosesDirty<Explored>(vm) },
        { nameof(TwoHeads<>), vm => new TwoHeads<Explored>(vm) },
    };

    public static TheoryData<string, Func<Vm<Explored>, RootStrategy<Explored>>> Sound => new()
    {
        { nameof(CallerZaps<>), vm => new CallerZaps<Explored>(vm) },
        { nameof(SharedLoads<>), vm => new SharedLoads<Explored>(vm) },
        { nameof(WorkerZaps<>), vm => new WorkerZaps<Explored>(vm) },
        { nameof(Inline<>), vm => new Inline<Explored>(vm) },
        { nameof(OwnList<>), vm => new OwnList<Explored>(vm) },
        { nameof(Peterson<>), vm => new Peterson<Explored>(vm) },
        { nameof(SlotOnly<>), vm => new SlotOnly<Explored>(vm) },
        { nameof(Sleeps<>), vm => new Sleeps<Explored>(vm) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_found_on_some_stock_scenario(string name, Func<Vm<Explored>, RootStrategy<Explored>> roots)
    {
        AssertFound(name, Explore(name, Strategy.With(roots), Family.Roots, Enough));
    }

    [Theory]
    [MemberData(nameof(Sound))]
    public void A_sound_variant_is_not_rejected(string name, Func<Vm<Explored>, RootStrategy<Explored>> roots) =>
        AssertSound(name, Explore(name, Strategy.With(roots), Family.Roots, Short));

    [Theory]
    [MemberData(nameof(NotifierFaults))]
    public void A_planted_notifier_is_found_on_some_scenario_of_notifiers(
        string name, Func<Vm<Explored>, MmuNotifier<Explored>> notifier) =>
        AssertFound(name, Explore(name, Strategy.Named("mainline") with { Notifier = notifier }, Family.Notifier, Enough));

    [Theory]
    [MemberData(nameof(AgeingFaults))]
    public void A_planted_ageing_scheme_is_found_on_some_scenario_of_ageing(
        string name, Func<Vm<Explored>, Ageing<Explored>> ageing) =>
        AssertFound(name, Explore(name, Strategy.Named("mainline") with { Ageing = ageing }, Family.Ageing, Enough));

    [Fact]
    public void A_sound_notifier_and_a_sound_pass_are_not_rejected()
    {
        VmDesign<Explored> counts = Strategy.Named("mainline") with { Notifier = vm => new Counts<Explored>(vm) };
        VmDesign<Explored> waits = counts with { Notifier = vm => new Waits<Explored>(vm) };
        AssertSound("s-counts", Explore("s-counts", counts, Family.Notifier, Short));
        AssertSound("s-waits", Explore("s-waits", waits, Family.Notifier, Short));
        foreach (string ageing in (string[])["mmu-lock", "lockless", "rmap-lock"])
        {
            AssertSound(ageing, Explore(ageing, Strategy.Named($"mainline+{ageing}"), Family.Ageing, Short));
        }
    }

    private static void AssertFound(string name, List<ExploreResult> results)
    {
        ExploreResult last = results[^1];
        Assert.True(last.Verdict == Verdict.Violated, $"{name}: {last.Verdict}, {last.Bound}, {last.Failure?.Finding}");
    }

    private static void AssertSound(string name, List<ExploreResult> results) => Assert.All(results,
        one => Assert.True(one.Verdict == Verdict.NothingFound, $"{name}: {one.Verdict}, {one.Failure?.Finding}"));

    private static List<ExploreResult> Explore(string name, VmDesign<Explored> design, Family family, TimeSpan budget)
    {
        List<ExploreResult> results = [];
        StrategySettings settings = new() { Budget = budget, AsFound = true };
        StrategyExplorer.ExploreInTurns(
            name, design,
            [.. LabCatalogue.ScenariosOf(family).Select(one => new StrategyTask(one, settings) { AddsTso = true })],
            stopsAtViolation: true, (_, result) => results.Add(result), observer: null, TestContext.Current.CancellationToken);
        return results;
    }
}
