using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>The dirty log of the lab's own slots on radix: what is in it, and who may not write what is not.</summary>
public sealed class DirtyLogTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(63UL)]
    [InlineData(64UL)]
    [InlineData(65UL)]
    [InlineData(200UL)]
    [InlineData(512UL)]
    public void Each_page_that_was_written_is_in_the_next_log_once(ulong pages)
    {
        using Vm<Metal> vm = New();
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        Write(vm, 0, 512);
        Assert.Equal(0, vm.Slots.CollectDirty(0));

        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, 0, pages);
        Write(vm, 0, pages);
        Assert.Equal((long)pages, vm.Slots.CollectDirty(0));
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        Write(vm, 512 - pages, pages);
        Assert.Equal((long)pages, vm.Slots.CollectDirty(0));
        for (ulong gfn = 0; gfn < 512; gfn += 3) Write(vm, gfn, 1);
        Assert.Equal(171, vm.Slots.CollectDirty(0));
        End(vm);
    }

    /// <summary>All ways of going on after a harvest fault once per page that is written again.</summary>
    [Fact]
    public void A_harvested_page_faults_again_and_others_do_not()
    {
        using Vm<Metal> vm = New();
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, 0, 8);
        vm.Slots.CollectDirty(0);
        Write(vm, 4, 2);
        Assert.Equal(2, vm.Slots.CollectDirty(0));
        Assert.Equal(8, Write(vm, 0, 8));
        Assert.Equal(0, Write(vm, 0, 8));
        End(vm);
    }

    [Fact]
    public void Turned_off_and_on_and_moved_it_begins_empty()
    {
        using Vm<Metal> vm = New();
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, 0, 8);
        vm.Slots.SetFlags(0, MemslotFlags.None);
        Write(vm, 0, 8);
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        Write(vm, 0, 8);
        vm.Slots.Move(0, new Gfn(1024));
        Assert.Equal(0, vm.Slots.CollectDirty(0));
        Write(vm, 1024, 3);
        Assert.Equal(3, vm.Slots.CollectDirty(0));
        End(vm);
    }

    [Fact]
    public void A_slot_that_logs_is_mapped_by_4KiB_whatever_leafs_are_used()
    {
        using Vm<Metal> vm = New(new VmSettings { Vcpus = 1, MemoryBytes = 4 << 20, LeafLevel = PageLevel.Size2M }, frames: 600);
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, 513, 1);
        Write(vm, 3, 2);
        Assert.Equal(3, vm.Slots.CollectDirty(0));
        End(vm);
    }

    /// <summary>A slot whose bits do not fit beside others.</summary>
    [Fact]
    public void A_large_slot_has_its_bits_elsewhere()
    {
        using Vm<Metal> vm = New(new VmSettings { Vcpus = 1, MemoryBytes = 1L << 30 }, frames: 1 << 18);
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, (1 << 18) - 5, 5);
        Write(vm, 0, 1);
        Assert.Equal(6, vm.Slots.CollectDirty(0));
        End(vm);
    }

    [Fact]
    public void Without_the_flush_a_vcpu_that_may_write_unseen_is_reported()
    {
        using Vm<Metal> vm = New(log: one => new NeverFlushes(one));
        vm.Slots.SetFlags(0, MemslotFlags.LogDirtyPages);
        Write(vm, 0, 4);
        vm.Vcpus[0].CheckCached();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(4, vm.Slots.CollectDirty(0));
        vm.Vcpus[0].CheckCached();
        Violation stale = Assert.Single(vm.Oracle.Violations);
        Assert.Equal("I21", stale.Invariant);
        Assert.Contains("may write gfn 0x0, cached on root#", stale.What);
    }

    private static long Write(Vm<Metal> vm, ulong first, ulong pages)
    {
        AccessPattern pattern = new(0, GfnRange.Of(first, pages)) { Stride = 1, WriteEvery = 1, Cursor = pages - 1 };
        ActorCounters counters = Actor.Current.Counters;
        long faults = counters.FaultsFixed, end = counters.Accesses + (long)pages;
        while (counters.Accesses < end)
        {
            if (vm.Vcpus[0].Run(ref pattern, (int)(end - counters.Accesses)) is { IsDone: false } exit) vm.Vcpus[0].Serve(exit);
        }
        return counters.FaultsFixed - faults;
    }

    private static Vm<Metal> New(
        VmSettings? settings = null, ulong frames = 512, Func<Vm<Metal>, DirtyBitmaps<Metal>>? log = null)
    {
        Vm<Metal> vm = new(default, settings ?? new VmSettings { Vcpus = 1, MemoryBytes = 4 << 20 },
            Lab.Strategies.Catalogue.Named("mainline").Design<Metal>() with { DirtyLog = log });
        vm.Slots.Create(0, GfnRange.Of(0, frames), MemslotFlags.None);
        return vm;
    }

    private static void End(Vm<Metal> vm)
    {
        vm.Vcpus[0].CheckCached();
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
    }

    private sealed class NeverFlushes(Vm<Metal> vm) : DirtyBitmaps<Metal>(vm)
    {
        protected override void Flush() { }
    }
}
