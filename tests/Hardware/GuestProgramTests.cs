using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>What the guest's code does, on a real processor.</summary>
public sealed class GuestProgramTests
{
    private static readonly FrameStamp Stamp = FrameStamp.Of(3, 7);

    [Fact]
    public void Every_kind_of_access_is_made_in_order_timed_and_finds_the_stamp()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(16, 8), Stamp);
        CoreExit exit = bench.Run((16, AccessKind.Read), (17, AccessKind.Write), (18, AccessKind.Execute), (16, AccessKind.Write),
            (23, AccessKind.Read));
        Assert.Equal(new CoreExit(CoreExitReason.Done, 5), exit);
        foreach (GuestTouch touch in bench.Cores[0].Touches[..5])
        {
            Assert.Equal(Stamp.Word, touch.Stamp);
            Assert.InRange<ulong>(touch.Ticks, 1, 10_000_000_000);
        }
    }

    [Fact]
    public unsafe void A_write_lands_in_the_vcpus_own_line_of_the_page()
    {
        if (KvmBench.TryMake(vcpus: 2) is not { } bench) return;
        using KvmBench _ = bench;
        SlotBacking backing = bench.Show(GfnRange.Of(0, 4), Stamp);
        bench.Cores[1].Put(0, new Gfn(2), AccessKind.Write);
        Assert.Equal(CoreExitReason.Done, bench.Cores[1].Run(TdpRoot.None, 0, 1).Reason);
        ulong* page = (ulong*)(backing.Address.Value + 2 * 4096);
        Assert.Equal(Stamp.Word, page[0]);
        Assert.Equal(0UL, page[64 / 8]);
        Assert.NotEqual(0UL, page[128 / 8]);
    }

    [Theory]
    [InlineData(AccessKind.Read)]
    [InlineData(AccessKind.Write)]
    [InlineData(AccessKind.Execute)]
    public void A_hole_stops_the_guest_at_the_access_that_found_it_and_is_made_again(AccessKind kind)
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        Assert.Equal(new CoreExit(CoreExitReason.Fault, 1), bench.Run((0, AccessKind.Read), (8, kind), (1, AccessKind.Read)));
        // Not mapped meanwhile: it stops there again.
        Assert.Equal(new CoreExit(CoreExitReason.Fault, 1), bench.Cores[0].Run(TdpRoot.None, 1, 3));
        bench.Show(GfnRange.Of(8, 1), FrameStamp.Of(4, 9));
        Assert.Equal(new CoreExit(CoreExitReason.Done, 3), bench.Cores[0].Run(TdpRoot.None, 1, 3));
        Assert.Equal(FrameStamp.Of(4, 9).Word, bench.Cores[0].Touches[1].Stamp);
    }

    [Theory]
    [InlineData(AccessKind.Read)]
    [InlineData(AccessKind.Write)]
    [InlineData(AccessKind.Execute)]
    public void What_was_mapped_and_is_taken_away_is_a_hole_again(AccessKind kind)
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        Assert.Equal(CoreExitReason.Done, bench.Run((2, kind)).Reason);
        lock (bench.Context.Pieces.Lock)
        {
            Assert.True(bench.Context.Pieces.TryFind(new Gfn(2), out Piece piece));
            bench.Context.Zap(piece);
        }
        Assert.Equal(new CoreExit(CoreExitReason.Fault, 0), bench.Run((2, kind)));
    }

    [Fact]
    public void A_write_to_a_read_only_slot_stops_the_guest_and_changes_nothing()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp, mayWrite: false);
        Assert.Equal(CoreExitReason.Done, bench.Run((1, AccessKind.Read)).Reason);
        Assert.Equal(new CoreExit(CoreExitReason.Fault, 0), bench.Run((1, AccessKind.Write)));
    }

    [Fact]
    public void With_a_request_pending_no_access_is_made()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        bench.Requests[0] = VcpuRequests.FreeObsoleteRoots;
        Assert.Equal(new CoreExit(CoreExitReason.Request, 0), bench.Run((0, AccessKind.Read), (1, AccessKind.Read)));
        bench.Requests[0] = 0;
        Assert.Equal(new CoreExit(CoreExitReason.Done, 2), bench.Run((0, AccessKind.Read), (1, AccessKind.Read)));
    }

    /// <summary>The rule on which the proof of no stale access stands: raised and interrupted, no access that began before
    /// retires.</summary>
    [Fact]
    public void Once_a_request_is_raised_no_access_retires_any_more()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        for (int index = 0; index < GuestBatch.Capacity; index++)
        {
            bench.Cores[0].Put(index, new Gfn((ulong)index % 4), AccessKind.Read);
        }
        for (int round = 0; round < 20; round++)
        {
            using Barrier start = new(2);
            CoreExit exit = default;
            Thread vcpu = new(() =>
            {
                start.SignalAndWait(CancellationToken.None);
                do exit = bench.Cores[0].Run(TdpRoot.None, 0, GuestBatch.Capacity);
                while (exit.Reason == CoreExitReason.Done);
            });
            vcpu.Start();
            start.SignalAndWait(CancellationToken.None);
            bench.Requests.RaiseAll(default(Metal), VcpuRequests.FreeObsoleteRoots);
            bench.Cores[0].Touches[..GuestBatch.Capacity].Clear();
            Thread.MemoryBarrier();
            vcpu.Join();
            Assert.Equal(CoreExitReason.Request, exit.Reason);
            foreach (GuestTouch touch in bench.Cores[0].Touches[..GuestBatch.Capacity]) Assert.Equal(default, touch);
            bench.Requests[0] = 0;
        }
    }

    [Fact]
    public void Memory_that_is_gone_is_a_failure_with_the_registers_and_the_last_accesses()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        // The file behind the slot is cut: KVM cannot resolve the fault.
        Assert.Equal(0, Lab.Hardware.Libc.Truncate(bench.Memory.File!.Number, 0));
        CoreExit exit = bench.Run((0, AccessKind.Read), (1, AccessKind.Write));
        Assert.Equal(CoreExitReason.Failed, exit.Reason);
        Assert.Contains("memory behind a slot is gone", exit.Complaint);
        Assert.Contains("rip=", exit.Complaint);
        Assert.Contains("last accesses Read 0x0", exit.Complaint);
    }

    [Fact]
    public void A_guest_that_loses_its_tables_is_a_failure_that_says_how_it_left()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        bench.Show(GfnRange.Of(0, 4), Stamp);
        KvmSregs sregs = bench.Context.Vcpus[0].Sregs;
        sregs.Cr3 = 0x4000_0000;
        bench.Context.Vcpus[0].Sregs = sregs;
        CoreExit exit = bench.Run((0, AccessKind.Read));
        Assert.Equal(CoreExitReason.Failed, exit.Reason);
        Assert.Contains("KVM_RUN left with", exit.Complaint);
    }
}
