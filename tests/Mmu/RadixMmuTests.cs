using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public unsafe class RadixMmuTests
{
    [Fact]
    public void A_mapped_frame_is_found_by_the_walk_and_no_other()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 700, write: false));
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 700));
        Assert.Equal(WalkOutcome.Ok, rig.Mmu.Walk(root, new Gfn(700), write: true, out ulong spte));
        Assert.Equal(RadixRig.Frame, Spte.Address(spte));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 699, write: false));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 701, write: false));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 700 + (1 << 27), write: false));
        Assert.Equal(1, rig.Present(root, GfnRange.All));
    }

    [Fact]
    public void A_frame_that_is_mapped_already_makes_the_fault_spurious()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5);
        Assert.Equal(MapOutcome.Spurious, rig.Map(root, 5));
        Assert.Equal(MapOutcome.Spurious, rig.Map(root, 5, write: false));
        Assert.Equal(1, rig.Present(root, GfnRange.All));
    }

    [Fact]
    public void A_write_through_a_clean_translation_sets_the_dirty_bit_in_the_table()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5, write: false);
        Assert.Equal(0UL, *rig.SptepOf(root, 5, PageLevel.Size4K) & Spte.Dirty);
        Assert.Equal(WalkOutcome.Ok, rig.Walk(root, 5, write: true));
        Assert.Equal(Spte.Dirty, *rig.SptepOf(root, 5, PageLevel.Size4K) & Spte.Dirty);
    }

    [Theory]
    [InlineData(PageLevel.Size512G)]
    [InlineData(PageLevel.Size1G)]
    [InlineData(PageLevel.Size2M)]
    [InlineData(PageLevel.Size4K)]
    public void A_fault_that_meets_a_frozen_entry_gives_up_and_leaves_it_frozen(PageLevel level)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5);
        rig.Map(root, 6);
        ulong* sptep = rig.SptepOf(root, 5, level);
        ulong old = *sptep;
        *sptep = Spte.Frozen;
        Assert.Equal(MapOutcome.Retry, rig.Map(root, 5));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 5, write: false));
        Assert.Equal(Spte.Frozen, *sptep);
        *sptep = old;
        Assert.Equal(MapOutcome.Spurious, rig.Map(root, 6));
        Assert.Empty(rig.Oracle.Violations);
    }

    [Theory]
    [InlineData(PageLevel.Size2M)]
    [InlineData(PageLevel.Size4K)]
    public void An_entry_that_freezes_between_the_look_and_the_install_makes_the_fault_retry(PageLevel level)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5);
        // Same leaf table for level 1, same level-2 table but a leaf table of its own for level 2.
        ulong gfn = level == PageLevel.Size4K ? 6UL : 512 + 6;
        ulong* sptep = rig.SptepOf(root, gfn, level);
        rig.Script.BeforeCompareExchange = (_, _) => *sptep = Spte.Frozen;
        Assert.Equal(MapOutcome.Retry, rig.Map(root, gfn));
        Assert.Equal(Spte.Frozen, *sptep);
    }

    [Fact]
    public void Who_loses_the_race_for_a_table_uses_the_winners_and_keeps_its_own()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        TableCache other = rig.Mmu.NewCache();
        bool raced = false;
        rig.Script.BeforeCompareExchange = (_, _) =>
        {
            if (raced) return;
            raced = true;
            Assert.Equal(MapOutcome.Fixed, rig.Map(other, root, 6));
        };
        long before = Actor.Current.Counters.TablesInstalled;
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 5));
        Assert.Equal(3, Actor.Current.Counters.TablesInstalled - before);
        Assert.Equal(2, rig.Present(root, GfnRange.All));
        rig.Script.BeforeCompareExchange = null;
        rig.ZapShared(root, ZapPasses.Root);
        other.Drain();
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    [Fact]
    public void Write_protection_lets_reads_through_and_makes_the_next_write_fault_once()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(0, 8));
        Assert.True(rig.WriteProtect(root, GfnRange.Of(2, 3)));
        for (ulong gfn = 0; gfn < 8; gfn++)
        {
            Assert.Equal(WalkOutcome.Ok, rig.Walk(root, gfn, write: false));
            Assert.Equal(gfn is >= 2 and < 5 ? WalkOutcome.Fault : WalkOutcome.Ok, rig.Walk(root, gfn, write: true));
        }
        Assert.False(rig.WriteProtect(root, GfnRange.Of(2, 3)));
        Assert.Equal(MapOutcome.Spurious, rig.Map(root, 3, write: false));
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 3, write: true));
        Assert.Equal(WalkOutcome.Ok, rig.Walk(root, 3, write: true));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 2, write: true));
        Assert.Equal(8, rig.Present(root, GfnRange.All));
    }

    [Fact]
    public void Write_protection_that_loses_a_race_looks_again()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 5, write: false);
        // The processor sets dirty between the look and the CAS.
        ulong* sptep = rig.SptepOf(root, 5, PageLevel.Size4K);
        bool raced = false;
        rig.Script.BeforeCompareExchange = (_, _) =>
        {
            if (!raced) *sptep |= Spte.Dirty;
            raced = true;
        };
        Assert.True(rig.WriteProtect(root, GfnRange.Of(5, 1)));
        Assert.False(Spte.IsWritable(*sptep));
        Assert.Equal(Spte.Dirty, *sptep & Spte.Dirty);
    }

    [Theory]
    [InlineData(PageLevel.Size2M, 2)]
    [InlineData(PageLevel.Size1G, 1)]
    public void A_huge_leaf_maps_all_its_frames_with_one_entry(PageLevel level, int tables)
    {
        using RadixRig rig = new(new VmSettings { LeafLevel = level });
        TdpRoot root = rig.NewRoot();
        ulong span = Gfn.FramesPerSpte(level);
        long before = Actor.Current.Counters.TablesInstalled;
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, span + 77));
        Assert.Equal(tables, Actor.Current.Counters.TablesInstalled - before);
        Assert.Equal(WalkOutcome.Ok, rig.Walk(root, span, write: true));
        Assert.Equal(WalkOutcome.Ok, rig.Walk(root, 2 * span - 1, write: true));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, span - 1, write: false));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 2 * span, write: false));
        Assert.Equal(MapOutcome.Spurious, rig.Map(root, span + 3));
        Assert.True(rig.WriteProtect(root, GfnRange.Of(span + 9, 1)));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, span, write: true));
        Assert.True(rig.ZapLeafs(root, GfnRange.Of(span + 9, 1)));
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, span, write: false));
        rig.Map(root, span);
        rig.ZapShared(root, ZapPasses.Fine);
        Assert.Equal(0, rig.Present(root, GfnRange.All));
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
    }

    [Fact]
    public void A_walk_that_reaches_a_freed_table_says_so()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 0);
        ulong* sptep = rig.SptepOf(root, 0, PageLevel.Size512G);
        ulong link = *sptep;
        rig.ZapShared(root, ZapPasses.Root);
        Assert.Equal(WalkOutcome.Fault, rig.Walk(root, 0, write: false));
        rig.Mmu.Rcu.Barrier();
        // What a processor that still has the upper entry cached would do.
        *sptep = link;
        Assert.Equal(WalkOutcome.FreedTable, rig.Walk(root, 0, write: false));
    }

    [Fact]
    public void With_the_arena_exhausted_a_fault_gets_no_memory_and_nothing_is_leaked()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 0);
        rig.Cache.Drain();
        List<TableCache> hoard = [];
        do hoard.Add(rig.Mmu.NewCache());
        while (hoard[^1].TopUp());
        long full = rig.Mmu.TablePages;

        Assert.False(rig.Cache.TopUp());
        Assert.Equal(MapOutcome.NoMemory, rig.Map(root, 1 << 27));
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 1));
        Assert.True(rig.Mmu.CreateRoot(rig.Cache, RootRole.SystemManagement).IsNone);
        Assert.Equal(full, rig.Mmu.TablePages);

        foreach (TableCache cache in hoard) cache.Drain();
        Assert.Equal(MapOutcome.Fixed, rig.Map(root, 1 << 27));
        rig.ZapShared(root, ZapPasses.Root);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Equal(full, rig.Mmu.TablePagesMax);
        Assert.Empty(rig.Oracle.Violations);
    }

    [Fact]
    public void A_fault_that_runs_out_of_tables_half_way_leaves_a_tree_that_is_freed_whole()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        TableCache cache = rig.Mmu.NewCache();
        cache.TopUp();
        // The cache holds six tables: the third fault at a new top-level entry finds none left.
        Mapping At(ulong top) => new(new Gfn(top << 27), new Hva(RadixRig.Frame), MayWrite: true, Write: true);
        Assert.Equal(MapOutcome.Fixed, rig.Mmu.Map(cache, root, At(1)));
        Assert.Equal(MapOutcome.Fixed, rig.Mmu.Map(cache, root, At(2) with { Gfn = new Gfn((1UL << 27) + (1 << 18)) }));
        Assert.Equal(MapOutcome.NoMemory, rig.Mmu.Map(cache, root, At(3)));
        cache.TopUp();
        Assert.Equal(MapOutcome.Fixed, rig.Mmu.Map(cache, root, At(3)));
        cache.Drain();
        rig.ZapShared(root, ZapPasses.Coarse);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.Empty(rig.Oracle.Violations);
    }

    [Fact]
    public void A_freed_root_whose_tables_were_not_zapped_is_reported_as_a_leak()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Map(root, 0);
        Assert.NotEqual(0, rig.TablesLeftAfterFree(root));
        Assert.Equal(["I9"], rig.Oracle.Violations.Select(violation => violation.Invariant));
    }

    [Fact]
    public void A_root_handed_to_the_reclaimer_while_it_is_on_the_list_is_reported()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.Mmu.FreeRoot(root);
        rig.Mmu.Rcu.Barrier();
        Assert.Equal(["I2"], rig.Oracle.Violations.Select(violation => violation.Invariant));
    }
}
