using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>What zaps take, owe and leave, at every granularity, with and without yields.</summary>
public unsafe class RadixZapTests
{
    private static readonly GfnRange Memory = GfnRange.Of(0, 2048);

    public static TheoryData<ZapPasses, bool> EveryZap => new MatrixTheoryData<ZapPasses, bool>(
        [ZapPasses.Root, ZapPasses.Coarse, ZapPasses.Fine, ZapPasses.Tables], [false, true]);

    [Theory]
    [InlineData(0UL, 2048UL)]
    [InlineData(100UL, 1400UL)]
    [InlineData(511UL, 2UL)]
    [InlineData(512UL, 512UL)]
    [InlineData(2047UL, 1UL)]
    public void Zapping_leafs_takes_exactly_the_range_and_leaves_the_tables(ulong start, ulong frames)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, Memory);
        long tables = rig.Mmu.TablePages;
        GfnRange range = GfnRange.Of(start, frames);
        Assert.True(rig.ZapLeafs(root, range));
        Assert.Equal(0, rig.Present(root, range));
        Assert.Equal((long)start, rig.Present(root, GfnRange.Of(0, start)));
        Assert.Equal((long)(2048 - range.End.Value), rig.Present(root, new GfnRange(range.End, Memory.End)));
        Assert.Equal(tables, rig.Mmu.TablePages);
    }

    [Fact]
    public void Zapping_leafs_owes_a_flush_if_it_zapped_something_or_one_was_owed_before()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5);
        Assert.False(rig.ZapLeafs(root, GfnRange.Of(6, 100)));
        Assert.True(rig.ZapLeafs(root, GfnRange.Of(6, 100), flush: true));
        Assert.True(rig.ZapLeafs(root, GfnRange.Of(5, 1)));
        Assert.False(rig.ZapLeafs(root, GfnRange.Of(5, 1)));
        Assert.Equal(0, rig.Script.Interrupts);
    }

    [Fact]
    public void Whoever_gets_the_lock_at_a_yield_finds_everything_zapped_so_far_flushed()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(500, 24));
        long presentAtFlush = 24;
        int flushes = 0;
        int yields = 0;
        rig.Script.Contended = () => true;
        rig.Script.BeforeExitExclusive = () =>
        {
            yields++;
            long present = rig.Present(root, GfnRange.All);
            if (present != presentAtFlush)
            {
                Assert.True(rig.Script.Interrupts > flushes,
                    $"{presentAtFlush - present} leafs were zapped and not flushed at yield {yields}");
            }
            presentAtFlush = present;
            flushes = rig.Script.Interrupts;
        };
        Assert.False(ZapLeafsInside(rig, root, GfnRange.Of(490, 40), mayYield: true));
        Assert.Equal(0, rig.Present(root, GfnRange.All));
        // 40 frames and the way there: a yield before nearly each, and no flush where nothing had been zapped since the last.
        Assert.True(yields >= 39, $"{yields} yields");
        Assert.Equal(24, rig.Script.Interrupts);
    }

    [Fact]
    public void A_zap_that_may_not_yield_keeps_the_lock_whoever_waits()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(0, 100));
        rig.Script.Contended = () => true;
        rig.Script.BeforeExitExclusive = () => Assert.Fail("the lock was dropped");
        Assert.True(ZapLeafsInside(rig, root, GfnRange.Of(0, 50), mayYield: false));
        Assert.Equal(50, rig.Present(root, GfnRange.All));
        rig.Lock.EnterExclusive();
        rig.Mmu.ZapRoot(root, default(ExclusiveHold), ZapPasses.Fine, mayYield: false, hooks: null);
        rig.Lock.ExitExclusive();
        Assert.Equal(0, rig.Present(root, GfnRange.All));
    }

    [Theory]
    [MemberData(nameof(EveryZap))]
    public void Zapping_a_root_frees_each_table_exactly_once(ZapPasses passes, bool shared)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, Memory);
        rig.Map(root, 3UL << 27);
        rig.Map(root, (1UL << 36) - 1);
        ActorCounters counters = Actor.Current.Counters;
        (long zapped, long leafs) = (counters.TablesZapped, counters.LeafsZapped);
        if (shared) rig.ZapShared(root, passes);
        else rig.ZapExclusive(root, passes);
        // One level-3, one level-2 and four leaf tables for the memory; three more for each of the two far frames.
        Assert.Equal(6 + 3 + 3, counters.TablesZapped - zapped);
        Assert.Equal(2048 + 2, counters.LeafsZapped - leafs);
        Assert.Equal(0, rig.Present(root, GfnRange.All, minLevel: PageLevel.Size512G));
        rig.Mmu.Rcu.Barrier();
        Assert.Equal(0, rig.Mmu.Rcu.Pending);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    [Theory]
    [InlineData(ZapPasses.Root, PageLevel.Size512G)]
    [InlineData(ZapPasses.Coarse, PageLevel.Size1G)]
    [InlineData(ZapPasses.Tables, PageLevel.Size2M)]
    [InlineData(ZapPasses.Fine, PageLevel.Size4K)]
    public void Steps_that_are_watched_are_noted_by_the_level_that_they_take_down(ZapPasses passes, PageLevel finest)
    {
        using RadixRig rig = new();
        rig.Mmu.Sections.AreWatched = true;
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, Memory);
        rig.ZapShared(root, passes);
        for (PageLevel level = PageLevel.None; level <= PageLevel.Size512G; level++)
        {
            bool isNoted = level >= finest;
            Assert.True(rig.Mmu.Sections.Take(level) > 0 == isNoted, $"{level} was {(isNoted ? "not " : "")}noted");
            Assert.Equal(-1, rig.Mmu.Sections.Take(level));
        }
    }

    [Fact]
    public void A_zap_that_may_not_yield_is_one_section_and_one_that_nobody_watches_is_none()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        Zap();
        Assert.Equal(-1, rig.Mmu.Sections.Take(PageLevel.None));
        rig.Mmu.Sections.AreWatched = true;
        Zap();
        Assert.True(rig.Mmu.Sections.Take(PageLevel.None) > 0);
        Assert.Equal(-1, rig.Mmu.Sections.Take(PageLevel.Size2M));

        void Zap()
        {
            rig.MapAll(root, Memory);
            rig.Lock.EnterShared();
            rig.Mmu.ZapRoot(root, default(SharedHold), ZapPasses.Root, mayYield: false, hooks: null);
            rig.Lock.ExitShared();
        }
    }

    [Fact]
    public void The_longest_of_the_steps_counts_until_it_is_taken()
    {
        ZapSections sections = new();
        foreach (long step in (long[])[5, 9, 7]) sections.Note(PageLevel.Size2M, step);
        sections.Note(PageLevel.Size1G, 3);
        Assert.Equal(9, sections.Take(PageLevel.Size2M));
        sections.Note(PageLevel.Size2M, 4);
        Assert.Equal((4, 3), (sections.Take(PageLevel.Size2M), sections.Take(PageLevel.Size1G)));
    }

    [Theory]
    [MemberData(nameof(EveryZap))]
    public void A_zap_that_yields_at_every_step_zaps_the_same(ZapPasses passes, bool shared)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(0, 600));
        rig.Map(root, 3UL << 27);
        rig.Script.Contended = () => true;
        ActorCounters counters = Actor.Current.Counters;
        (long zapped, long leafs, long yields) = (counters.TablesZapped, counters.LeafsZapped, counters.ZapYields);
        if (shared) rig.ZapShared(root, passes);
        else rig.ZapExclusive(root, passes);
        Assert.Equal(4 + 3, counters.TablesZapped - zapped);
        Assert.Equal(601, counters.LeafsZapped - leafs);
        Assert.True(counters.ZapYields - yields >= 500);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    [Fact]
    public void A_detached_table_is_frozen_until_its_grace_period_is_over_and_poisoned_afterwards()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(0, 512));
        ulong* table = (ulong*)Spte.Address(*rig.SptepOf(root, 0, PageLevel.Size2M));
        rig.Mmu.Rcu.Enter();
        rig.ZapShared(root, ZapPasses.Root);
        for (int index = 0; index < 512; index++) Assert.Equal(Spte.Frozen, table[index]);
        rig.Mmu.Rcu.Exit();
        rig.Mmu.Rcu.Barrier();
        for (int index = 0; index < 512; index++) Assert.Equal(Spte.Poison, table[index]);
    }

    private static bool ZapLeafsInside(RadixRig rig, TdpRoot root, GfnRange range, bool mayYield)
    {
        rig.Lock.EnterExclusive();
        bool flush = rig.Mmu.ZapLeafs(root, range, default, mayYield, flush: false);
        rig.Script.BeforeExitExclusive = null;
        rig.Lock.ExitExclusive();
        return flush;
    }
}
