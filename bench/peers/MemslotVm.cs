using Lab.Hardware;
using Lab.Mmu;

namespace Lab.Bench.Peers;

/// <summary>The VM of <c>memslot_bench.c</c>, made of the lab's own parts: a slot with code and tables, the slot under test, a
/// bystander, one vCPU in long mode at CPL 3. One thread.</summary>
/// <remarks>Guest-virtual is guest-physical below 4 GiB, in pages of 2 MiB. All addresses are the peer's.</remarks>
internal sealed unsafe class MemslotVm : IDisposable
{
    private const int Page = 4096;
    private const int LowSlot = 0;
    private const int TestSlot = 1;
    private const int OtherSlot = 2;
    private const long LowBytes = 2 << 20;
    private const long TestBytes = (long)MemslotCase.SlotPages * Page;
    private const ulong TestAt = 1UL << 30;
    private const ulong OtherAt = 3UL << 30;

    private const int TssAt = 0x8000;
    private const int Pml4At = 0x10000;
    private const int PdptAt = 0x11000;
    private const int DirectoriesAt = 0x12000;
    private const int ControlAt = 0x20000;
    private const int StackAt = 0x30000;
    private const int LogAt = 0x100000;
    private const ulong TableBits = 7;
    private const ulong LargePageBits = 0xe7;

    private readonly MappedRange _low = Memory(LowBytes);
    private readonly MappedRange _test = Memory(TestBytes);
    private readonly MappedRange _other = Memory(TestBytes);
    private readonly KvmVm _vm;
    private readonly KvmVcpu _vcpu = null!;

    /// <exception cref="SystemCallException">KVM refused something.</exception>
    public MemslotVm(Kvm kvm)
    {
        WriteProgram();
        LinkTables();
        // SAFETY: the mapping is this long. Host pages are present before the guest asks for them.
        for (long page = 0; page < MemslotCase.SlotPages; page++) _test.Address[page * Page] = 1;
        Present = new KvmRegion
            { Slot = TestSlot, GuestAddress = TestAt, Bytes = (ulong)TestBytes, UserAddress = (ulong)_test.Address };
        Gone = Present with { Bytes = 0 };
        _vm = kvm.CreateVm();
        try
        {
            _vm.SetRegion(LowSlot, MemslotFlags.None, 0, (ulong)LowBytes, _low.Hva);
            _vm.SetRegion(TestSlot, MemslotFlags.None, TestAt, (ulong)TestBytes, _test.Hva);
            _vm.SetRegion(OtherSlot, MemslotFlags.None, OtherAt, (ulong)TestBytes, _other.Hva);
            _vcpu = _vm.CreateVcpu(0);
            GuestImage.PrepareMode(_vcpu, Pml4At, TssAt);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public KvmVm Vm => _vm;

    /// <summary>The slot under test as it is created, and as it is deleted.</summary>
    public KvmRegion Present { get; }

    public KvmRegion Gone { get; }

    /// <summary>Points the vCPU at the loop of the case.</summary>
    public void Aim(MemslotCase work) => _vcpu.Regs = new KvmRegs
    {
        Rip = work.IsTimedByGuest ? MemslotProgram.TimedAt : MemslotProgram.At,
        Rflags = 0x3002, // IOPL 3
        R8 = TestAt,
        R9 = (ulong)work.Pages,
        R10 = (ulong)work.Stride * Page,
        R11 = ControlAt,
        R13 = LogAt,
        Rsp = StackAt + Page - 8,
    };

    /// <summary>One pass of the guest: until it says <c>out</c>.</summary>
    /// <exception cref="WrongAnswerException">It left for another reason.</exception>
    public void RunPass()
    {
        while (true)
        {
            KvmExit exit = _vcpu.Run();
            if (exit == KvmExit.Io) return;
            if (exit != KvmExit.Interrupted) throw new WrongAnswerException(
                $"The guest left with exit reason {exit}: {_vcpu.Regs}");
        }
    }

    /// <summary>Checks that a pass's stores are in the slot's memory: the guest's counter runs down to one.</summary>
    /// <exception cref="WrongAnswerException">They are not.</exception>
    public void CheckStores(MemslotCase work)
    {
        if (work.Pages == 0) return;
        WrongAnswerException.ThrowUnlessEqual("value in the first page and the count of stores", StoredAt(0), work.Pages);
        WrongAnswerException.ThrowUnlessEqual("value in the last page and the last of the countdown",
            StoredAt((work.Pages - 1L) * work.Stride), 1);
    }

    /// <summary>Durations that the guest took in its last pass, in ticks of the time-stamp counter, one per page.</summary>
    // SAFETY: the log lies in the low slot's memory, which has room behind it for every page of every case.
    public ReadOnlySpan<long> Log(MemslotCase work) => new(_low.Address + LogAt, work.Pages);

    public void Dispose()
    {
        _vcpu?.Dispose();
        _vm.Dispose();
        _other.Dispose();
        _test.Dispose();
        _low.Dispose();
    }

    // SAFETY: the page is one of the slot's, whose memory is mapped until this object is disposed of.
    private long StoredAt(long page) => Volatile.Read(ref *(long*)(_test.Address + page * Page));

    private static MappedRange Memory(long bytes)
    {
        MappedRange range = MappedRange.Anonymous(bytes);
        // Refused where the kernel has no huge pages; then there is nothing to switch off.
        _ = Libc.Advise((nint)range.Address, (nuint)bytes, Libc.MadviseNoHugePage);
        return range;
    }

    private void WriteProgram()
    {
        // SAFETY: both loops end below the task-state segment, within the low slot's memory.
        Span<byte> low = new(_low.Address, TssAt);
        MemslotProgram.StoreAll().CopyTo(low[(int)MemslotProgram.At..]);
        MemslotProgram.StoreTimed().CopyTo(low[(int)MemslotProgram.TimedAt..]);
    }

    private void LinkTables()
    {
        // SAFETY: the offsets lie in the low slot's memory.
        ulong* Table(int at) => (ulong*)(_low.Address + at);
        Table(Pml4At)[0] = PdptAt | TableBits;
        for (int gibibyte = 0; gibibyte < 4; gibibyte++)
        {
            int at = DirectoriesAt + gibibyte * Page;
            Table(PdptAt)[gibibyte] = (ulong)at | TableBits;
            for (ulong entry = 0; entry < 512; entry++) Table(at)[entry] = (ulong)gibibyte << 30 | entry << 21 | LargePageBits;
        }
    }
}
