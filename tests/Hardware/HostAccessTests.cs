using Lab.Hardware;
using Lab.Mmu;
using Xunit;
using Libc = Lab.Hardware.Libc;

namespace Lab.Tests.Hardware;

/// <summary>The access routine alone, on a window that the test maps by hand.</summary>
public sealed unsafe class HostAccessTests : IDisposable
{
    private static readonly GfnRange Range = GfnRange.Of(16, 16);
    private static readonly FrameStamp Stamp = FrameStamp.Of(3, 7);

    private readonly WindowHost _host = new(new HardwareSettings { ChunkBytes = HostRig.ChunkBytes, Contexts = 1 });
    private readonly MappedRange _area = MappedRange.Anonymous(GuestBatch.Bytes);
    private readonly MappedRange _word = MappedRange.Anonymous(4096);
    private readonly GuestBatch _batch;
    private readonly Window _window;
    private readonly SlotBacking _backing;

    public HostAccessTests()
    {
        _batch = new GuestBatch(_area.Address, vcpu: 0);
        _window = _host.TryTake(frames: 1 << 18)!;
        _backing = _host.Memory.Allocate(Range, Stamp);
    }

    private CoreExitReason Reason => (CoreExitReason)_batch[GuestBatch.ReasonOffset];

    private int Next => (int)_batch[GuestBatch.NextOffset];

    [Theory]
    [InlineData((int)AccessKind.Read)]
    [InlineData((int)AccessKind.Write)]
    [InlineData((int)AccessKind.Execute)]
    public void An_access_finds_the_stamp_of_its_page_and_takes_time(int kind)
    {
        Install(mayWrite: true);
        Run(Enumerable.Range(0, 16).Select(index => ((ulong)(16 + index), (AccessKind)kind)));
        Assert.Equal(CoreExitReason.Done, Reason);
        Assert.Equal(16, Next);
        Assert.All(_batch.Touches[..16].ToArray(), touch =>
        {
            Assert.Equal(Stamp.Word, touch.Stamp);
            Assert.True(touch.Ticks > 0);
        });
    }

    [Fact]
    public void A_write_leaves_a_number_never_written_before_where_the_vcpu_writes()
    {
        Install(mayWrite: true);
        Run([(17, AccessKind.Write), (18, AccessKind.Write), (17, AccessKind.Write)]);
        Assert.Equal(4UL, *(ulong*)(_backing.Address.Value + 4096 + SlotMemory.WriteOffset));
        Assert.Equal(3UL, *(ulong*)(_backing.Address.Value + 8192 + SlotMemory.WriteOffset));
    }

    [Fact]
    public void A_page_that_the_host_dropped_reads_as_zero_and_is_not_executed()
    {
        Install(mayWrite: true);
        Assert.Equal(0, Libc.Allocate(_host.Memory.File!.Number, Libc.FallocatePunchHole | Libc.FallocateKeepSize,
            _backing.FileOffset, 4096));
        Run([(16, AccessKind.Execute), (17, AccessKind.Execute)]);
        Assert.Equal(CoreExitReason.Done, Reason);
        Assert.Equal([0UL, Stamp.Word], _batch.Touches[..2].ToArray().Select(touch => touch.Stamp));
    }

    [Fact]
    public void A_request_before_the_first_access_lets_none_through()
    {
        Install(mayWrite: true);
        *(ulong*)_word.Address = VcpuRequests.FlushTlb;
        Run([(16, AccessKind.Write)]);
        Assert.Equal((CoreExitReason.Request, 0), (Reason, Next));
        Assert.Equal(0UL, *(ulong*)(_backing.Address.Value + SlotMemory.WriteOffset));
    }

    [Fact]
    public void A_request_that_is_raised_during_an_access_discards_it()
    {
        Install(mayWrite: true);
        // The second access itself raises it: the request word is what it writes to.
        Run([(16, AccessKind.Read), (17, AccessKind.Write), (18, AccessKind.Read)],
            (nint)(_backing.Address.Value + 4096 + SlotMemory.WriteOffset));
        Assert.Equal((CoreExitReason.Request, 1), (Reason, Next));
        Assert.Equal(0UL, _batch.Touches[1].Stamp);
    }

    [Theory]
    [InlineData((int)AccessKind.Read)]
    [InlineData((int)AccessKind.Write)]
    [InlineData((int)AccessKind.Execute)]
    public void A_hole_ends_the_stay_at_its_access(int kind)
    {
        Install(mayWrite: true);
        Run([(16, AccessKind.Read), (17, AccessKind.Write), (40, (AccessKind)kind), (18, AccessKind.Read)]);
        AssertFault(HostCalls.SignalSegv, index: 2,
            _window.AddressOf(new Gfn(40)) + (kind == (int)AccessKind.Write ? SlotMemory.WriteOffset : 0));
        Assert.Equal(Stamp.Word, _batch.Touches[1].Stamp);
    }

    [Fact]
    public void A_write_to_a_read_only_piece_faults_and_a_read_does_not()
    {
        Install(mayWrite: false);
        Run([(16, AccessKind.Read), (16, AccessKind.Execute), (17, AccessKind.Write)]);
        AssertFault(HostCalls.SignalSegv, index: 2, _window.AddressOf(new Gfn(17)) + SlotMemory.WriteOffset);
    }

    [Fact]
    public void A_page_that_goes_between_the_look_at_the_stamp_and_the_jump_faults_at_that_access()
    {
        Install(mayWrite: true);
        // As if it had gone: it can be read and not executed.
        Assert.Equal(0, Libc.Protect(_window.AddressOf(new Gfn(17)), 4096, Libc.ProtRead));
        Run([(16, AccessKind.Execute), (17, AccessKind.Execute)]);
        AssertFault(HostCalls.SignalSegv, index: 1, _window.AddressOf(new Gfn(17)) + SlotMemory.CodeOffset);
    }

    [Fact]
    public void Memory_that_was_cut_off_is_a_sigbus_at_its_access()
    {
        Install(mayWrite: true);
        Assert.Equal(0, Libc.Truncate(_host.Memory.File!.Number, _backing.FileOffset + 4096));
        Run([(16, AccessKind.Read), (17, AccessKind.Read)]);
        AssertFault(HostCalls.SignalBus, index: 1, _window.AddressOf(new Gfn(17)));
    }

    [Fact]
    public void The_runtime_still_turns_its_own_faults_into_exceptions()
    {
        Run([(16, AccessKind.Read)]);
        Assert.Equal(CoreExitReason.Fault, Reason);
        string? nothing = Environment.GetEnvironmentVariable("no such variable of this test");
        for (int round = 0; round < 3; round++) Assert.Throws<NullReferenceException>(() => nothing!.Length);
        Run([(16, AccessKind.Read)]);
        Assert.Equal(CoreExitReason.Fault, Reason);
    }

    [Fact]
    public void A_window_that_was_zapped_is_a_hole_again_and_one_mapping()
    {
        Install(mayWrite: true);
        Run([(16, AccessKind.Write), (17, AccessKind.Read)]);
        Assert.True(HostRig.PresentIn(_host, _window) >= 2);
        lock (_window.Pieces.Lock)
        {
            Assert.True(_window.Pieces.TryFind(new Gfn(16), out Piece piece));
            long before = _window.Changes;
            _window.Zap(piece);
            Assert.Equal(before + 2, _window.Changes);
        }
        Assert.Equal(0, HostRig.PresentIn(_host, _window));
        Assert.Equal(0, _window.Pieces.Count);
        Run([(16, AccessKind.Read)]);
        Assert.Equal((CoreExitReason.Fault, 0), (Reason, Next));
    }

    public void Dispose()
    {
        _host.Dispose();
        _area.Dispose();
        _word.Dispose();
    }

    private void Install(bool mayWrite)
    {
        lock (_window.Pieces.Lock)
        {
            Assert.True(
                _window.TryInstall(_window.Pieces.PieceAround(Range.Start, _backing, slot: 0) with { MayWrite = mayWrite }));
        }
    }

    private void Run(IEnumerable<(ulong Gfn, AccessKind Kind)> accesses, nint requestWord = 0)
    {
        int count = 0;
        foreach ((ulong gfn, AccessKind kind) in accesses) _batch.Put(count++, new Gfn(gfn), kind);
        _batch[GuestBatch.FirstOffset] = 0;
        _batch[GuestBatch.EndOffset] = (ulong)count;
        AccessCode.Run(_batch.Address, _window.Address, requestWord == 0 ? (nint)_word.Address : requestWord);
    }

    private void AssertFault(int signal, int index, nint address)
    {
        Assert.Equal((CoreExitReason.Fault, index), (Reason, Next));
        Assert.Equal((ulong)signal, _batch[AccessCode.SignalOffset]);
        Assert.Equal((ulong)address, _batch[AccessCode.FaultAddressOffset]);
    }
}
