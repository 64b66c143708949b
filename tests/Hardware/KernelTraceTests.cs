using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Results;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>A trace instance of our own, where tracefs may be used, and the sentence where not.</summary>
public sealed class KernelTraceTests
{
    [Fact]
    public void A_deleted_piece_is_one_fast_zap_between_start_and_stop_or_the_refusal_says_what_to_do()
    {
        if (KvmBench.TryMake() is not { } bench) return;
        using KvmBench _ = bench;
        if (Open(KernelTraceScope.Full) is not { } trace) return;
        string folder = trace.Folder;
        SlotBacking backing = bench.Show(GfnRange.Of(0, 4), FrameStamp.Of(1, 1));
        using (trace)
        {
            TouchAndZap(); // before the start: does not count

            trace.Start();
            long opened = Now();
            Install();
            TouchAndZap();
            long closed = Now();
            trace.Stop();
            Install();
            TouchAndZap(); // after the stop: neither

            KernelTraceCounts counts = trace.Read(new TraceWindow(opened, closed - opened, 10));
            Assert.Equal(1, counts.Total("kvm_mmu_zap_all_fast"));
            Assert.Equal((0, 0), (counts.Lost, counts.Malformed));
            Assert.True(Directory.Exists(folder));
        }

        Assert.False(Directory.Exists(folder));

        void Install()
        {
            lock (bench.Context.Pieces.Lock)
            {
                Assert.True(bench.Context.TryInstall(
                    bench.Context.Pieces.PieceAround(new Gfn(1), backing, slot: 0) with { MayWrite = true }));
            }
        }

        void TouchAndZap()
        {
            Assert.Equal(CoreExitReason.Done, bench.Run((1, AccessKind.Read)).Reason);
            lock (bench.Context.Pieces.Lock)
            {
                Assert.True(bench.Context.Pieces.TryFind(new Gfn(1), out Piece piece));
                bench.Context.Zap(piece);
            }
        }
    }

    [Fact]
    public void The_instance_is_gone_also_when_what_it_watched_threw()
    {
        if (Open(KernelTraceScope.Rare) is not { } trace) return;
        string folder = trace.Folder;
        Assert.Throws<OperationCanceledException>(Cancelled);
        Assert.False(Directory.Exists(folder));

        void Cancelled()
        {
            using (trace)
            {
                trace.Start();
                throw new OperationCanceledException();
            }
        }
    }

    [Fact]
    public void Two_traces_at_a_time_do_not_disturb_each_other()
    {
        if (Open(KernelTraceScope.Rare) is not { } first) return;
        using KernelTrace _ = first;
        string folder;
        using (KernelTrace second = Open(KernelTraceScope.Rare)!)
        {
            folder = second.Folder;
            Assert.NotEqual(first.Folder, folder);
        }

        Assert.False(Directory.Exists(folder));
        Assert.True(Directory.Exists(first.Folder));
        Assert.Contains("kvm_mmu_zap_all_fast", first.Events);
        Assert.DoesNotContain("kvm_mmu_set_spte", first.Events);
    }

    [Fact]
    public void What_a_killed_lab_left_behind_is_removed_and_what_lives_is_not()
    {
        if (Open(KernelTraceScope.Rare) is not { } alive) return;
        using KernelTrace _ = alive;
        // Above the kernel's highest pid.
        string leftover = Path.Combine(Path.GetDirectoryName(alive.Folder)!, "lab-4194305-1");
        Directory.CreateDirectory(leftover);

        Open(KernelTraceScope.Rare)!.Dispose();

        Assert.False(Directory.Exists(leftover));
        Assert.True(Directory.Exists(alive.Folder));
    }

    [Fact]
    public void Without_tracefs_and_without_tracepoints_the_refusal_names_the_remedy()
    {
        using TemporaryFolder temporary = new();
        string empty = Directory.CreateDirectory(Path.Combine(temporary.Path, "unmounted")).FullName;
        string bare = Directory.CreateDirectory(Path.Combine(temporary.Path, "bare")).FullName;
        Directory.CreateDirectory(Path.Combine(bare, "instances"));

        Assert.Null(
            KernelTrace.TryOpen(KernelTraceScope.Rare, out string? refusal, [empty, Path.Combine(temporary.Path, "absent")]));
        Assert.Equal($"KVM was not traced: tracefs is not mounted; mount -t tracefs tracefs {empty} as root.", refusal);
        Assert.Null(KernelTrace.TryOpen(KernelTraceScope.Full, out refusal, [empty, bare]));
        Assert.Equal("KVM was not traced: this kernel has no kvmmmu tracepoints; load kvm, or boot a kernel with CONFIG_FTRACE "
            + "and CONFIG_KVM.", refusal);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(bare, "instances")));
    }

    private static long Now() => Clock.Default.ToMonotonicNanoseconds(Clock.Default.Ticks());

    /// <summary>A trace, or null where there can be none: then a sentence says why.</summary>
    private static KernelTrace? Open(KernelTraceScope scope)
    {
        if (KernelTrace.TryOpen(scope, out string? refusal) is { } trace)
        {
            Assert.Null(refusal);
            return trace;
        }

        Assert.Matches("^KVM was not traced: .*(mount -t tracefs|run as root|load kvm).*\\.$", refusal);
        return null;
    }
}
