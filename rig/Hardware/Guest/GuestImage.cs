using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Everything of a guest but its memory: program, task-state segment, page tables, and a <see cref="GuestBatch"/> per
/// vCPU. One stretch of memory that every context of a VM shows its guest at the same place, far above the memory that slots may
/// cover.</summary>
/// <remarks>Guest-virtual is guest-physical. Pages of 2 MiB with the user bit; accessed and dirty bits are set beforehand, so
/// that nobody writes to the tables, which many contexts share. The I/O bitmap of the task-state segment is all clear, for
/// processors and hypervisors that look there and not at IOPL.</remarks>
internal sealed unsafe class GuestImage : IDisposable
{
    /// <summary>Guest address of the image: 256 GiB.</summary>
    public const ulong Base = 1UL << 38;

    private const int Page = 4096;
    private const int TssAt = 0x8000;
    private const int TssBytes = 3 * Page;
    private const int Pml4At = 0x10000;
    private const int PdptAt = 0x11000;
    private const int DirectoriesAt = 0x12000;
    private const ulong TableBits = 0x27;
    private const ulong LargePageBits = 0xe7;
    private const long Gibibyte = 1L << 30;

    private readonly MappedRange _memory;
    private readonly long _batchesAt;

    /// <param name="vcpus">Number of vCPUs.</param>
    /// <param name="guestBytes">Highest guest address that slots may reach, up to 128 GiB.</param>
    /// <exception cref="InsufficientMemoryException">There is no memory for it.</exception>
    public GuestImage(int vcpus, long guestBytes)
    {
        int directories = (int)((guestBytes + Gibibyte - 1) / Gibibyte);
        GuestBytes = directories * Gibibyte;
        _batchesAt = DirectoriesAt + (directories + 1L) * Page;
        long bytes = _batchesAt + (long)vcpus * GuestBatch.Bytes;
        Bytes = (bytes + (2 << 20) - 1) & ~((2L << 20) - 1);
        _memory = MappedRange.Anonymous(Bytes);
        GuestProgram.Assemble(Base).CopyTo(new Span<byte>(_memory.Address, TssAt));
        LinkTables(directories);
        Batches = [.. Enumerable.Range(0, vcpus).Select(index => new GuestBatch(_memory.Address + BatchAt(index), index))];
    }

    public IReadOnlyList<GuestBatch> Batches { get; }

    /// <summary>Bytes of the image; what follows it in the guest up to the next GiB is mapped as well.</summary>
    public long Bytes { get; }

    /// <summary>Guest addresses below this are mapped.</summary>
    public long GuestBytes { get; }

    public Hva UserAddress => _memory.Hva;

    /// <summary>Guest address behind the image, where the VM's request words go.</summary>
    public ulong RequestsBase => Base + (ulong)Bytes;

    /// <summary>Puts a vCPU that was just made into long mode at CPL 3.</summary>
    public static void PrepareMode(KvmVcpu vcpu) => PrepareMode(vcpu, Base + Pml4At, Base + TssAt);

    /// <summary>The same over other tables and another task-state segment, with its bitmap in the two pages behind it (all guest
    /// addresses).</summary>
    public static void PrepareMode(KvmVcpu vcpu, ulong tables, ulong tss)
    {
        KvmSregs sregs = vcpu.Sregs;
        KvmSegment flat = new() { Limit = uint.MaxValue, Present = 1, Dpl = 3, S = 1, G = 1 };
        KvmSegment code = flat with { Selector = 0xb, Type = 11, L = 1 }, data = flat with { Selector = 0x13, Type = 3, Db = 1 };
        sregs.Cs = code;
        sregs.Ds = sregs.Es = sregs.Fs = sregs.Gs = sregs.Ss = data;
        sregs.Tr = new KvmSegment { Base = tss, Limit = TssBytes - 1, Selector = 0x18, Type = 11, Present = 1 };
        sregs.Cr3 = tables;
        sregs.Cr4 = 0x620; // PAE, OSFXSR, OSXMMEXCPT
        sregs.Cr0 = 0x8005_0033; // PG, AM, WP, NE, ET, MP, PE
        sregs.Efer = 0x500; // LMA, LME
        vcpu.Sregs = sregs;
    }

    /// <summary>Points a vCPU at the start of the program, whatever it did before.</summary>
    public void Restart(KvmVcpu vcpu, ulong requestWord) => vcpu.Regs = new KvmRegs
    {
        Rip = Base,
        Rflags = 0x3002, // IOPL 3
        R14 = requestWord,
        R15 = Base + (ulong)BatchAt(vcpu.Index),
    };

    public void Dispose() => _memory.Dispose();

    private long BatchAt(int vcpu) => _batchesAt + (long)vcpu * GuestBatch.Bytes;

    private void LinkTables(int directories)
    {
        // SAFETY: the offsets lie in the image, which is mapped read and write.
        ulong* Table(long at) => (ulong*)(_memory.Address + at);
        Table(Pml4At)[0] = (Base + PdptAt) | TableBits;
        for (int directory = 0; directory <= directories; directory++)
        {
            // The last directory maps the GiB of the image itself.
            long gibibyte = directory < directories ? directory : (long)(Base >> 30);
            long at = DirectoriesAt + (long)directory * Page;
            Table(PdptAt)[gibibyte] = (Base + (ulong)at) | TableBits;
            for (long entry = 0; entry < 512; entry++) Table(at)[entry] = (ulong)(gibibyte << 30 | entry << 21) | LargePageBits;
        }
    }
}
