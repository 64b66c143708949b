using Iced.Intel;
using Lab.Mmu;
using static Iced.Intel.AssemblerRegisters;

namespace Lab.Hardware;

/// <summary>What is done to the VM between its vCPUs' first and second touch.</summary>
public enum RootOperation
{
    /// <summary>The slot is deleted and made again, twice.</summary>
    Delete,

    /// <summary>The slot is moved to another place and back, twice.</summary>
    Move,

    /// <summary>The slot begins to log dirty pages, and ends.</summary>
    Flags,

    /// <summary>The VMM's thread resets both vCPUs, which puts their roots.</summary>
    Reset,
}

/// <summary>A VM of KVM's whose life is short and the same each time: two vCPUs touch a code page at guest frame 0 and sixteen
/// pages at 1 GiB, one after the other; then the <see cref="RootOperation"/>; at the end the VM is destroyed. Each part has a
/// thread of its own name (updater, vcpu0, vcpu1) and says in the trace where it is.</summary>
public sealed unsafe class RootScenario : IDisposable
{
    private const int Page = 4096, Pages = 16, ImageBytes = 2 << 20;
    private const int StayingSlot = 0, ChangingSlot = 1;
    private const int CodeAt = 0x1000, TablesAt = 0x10000, TssAt = 0x20000;
    private const ulong TableBits = 0x27, LargePageBits = 0xe7;
    private const ulong ChangingAt = 1UL << 30;
    private static readonly ulong MovedTo = ChangingAt + (64UL << 20);

    private readonly Kvm _kvm;
    private readonly KvmVm _vm;
    private readonly KvmVcpu[] _vcpus = new KvmVcpu[2];
    private readonly MappedRange _image = Small(ImageBytes), _memory = Small(Pages * Page);
    private readonly RootTrace _trace;
    private readonly Exception?[] _failures = new Exception?[2];
    private bool _isDestroyed;

    private RootScenario(RootTrace trace, string device)
    {
        _trace = trace;
        _kvm = Kvm.Open(device);
        _vm = _kvm.CreateVm();
        BuildImage();
        Set(StayingSlot, 0, ImageBytes, _image.Hva);
        Set(ChangingSlot, ChangingAt, Pages * Page, _memory.Hva);
        for (int index = 0; index < _vcpus.Length; index++)
        {
            _vcpus[index] = _vm.CreateVcpu(index);
            GuestImage.PrepareMode(_vcpus[index], TablesAt, TssAt);
            _vcpus[index].Regs = new KvmRegs { Rip = CodeAt, Rflags = 0x3002 };
        }
    }

    /// <summary>Runs it on this kernel and returns the trace, and what the kernel does not show.</summary>
    /// <param name="operation">What is done.</param>
    /// <param name="device">Usually /dev/kvm.</param>
    /// <exception cref="HardwareUnavailableException">There is no KVM, or nothing can be traced; the message says what to
    /// do.</exception>
    public static (IReadOnlyList<string> Lines, IReadOnlyList<string> Notes) Record(RootOperation operation, string device)
    {
        using RootTrace trace = RootTrace.Open();
        using RootScenario scenario = new(trace, device);
        Exception? failure = null;
        Thread updater = new(() =>
        {
            try
            {
                scenario.Run(operation);
            }
#pragma warning disable CA1031 // Whatever it is, the caller gets it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = error;
            }
        }) { Name = "updater" };
        updater.Start();
        updater.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(failure).Throw();
        return (trace.Read(), trace.Notes);
    }

    public void Dispose()
    {
        Destroy();
        _kvm.Dispose();
        _image.Dispose();
        _memory.Dispose();
    }

    private void Run(RootOperation operation)
    {
        _trace.Start();
        if (operation == RootOperation.Reset) Reset();
        else for (int round = 0; round < 2; round++) Update(operation, round);
        _trace.Mark("vm destroy begin");
        Destroy();
        _trace.Mark("vm destroy end");
        _trace.Stop();
    }

    private void Update(RootOperation operation, int round)
    {
        Touch(round);
        switch (operation)
        {
            case RootOperation.Delete:
                Marked("del", round, () => Set(ChangingSlot, ChangingAt, 0, default));
                Set(ChangingSlot, ChangingAt, Pages * Page, _memory.Hva);
                _trace.Mark($"add end {round}");
                break;
            case RootOperation.Move:
                Marked("move", round, () => Set(ChangingSlot, MovedTo, Pages * Page, _memory.Hva));
                Marked("back", round, () => Set(ChangingSlot, ChangingAt, Pages * Page, _memory.Hva));
                break;
            default:
                Marked("flags", round, () => Set(ChangingSlot, ChangingAt, Pages * Page, _memory.Hva,
                    round == 0 ? MemslotFlags.LogDirtyPages : MemslotFlags.None));
                break;
        }
    }

    private void Reset()
    {
        Touch(0);
        const ulong globalPages = 0x80; // CR4.PGE: a change makes KVM reset the vCPU's MMU
        foreach (KvmVcpu vcpu in _vcpus)
        {
            KvmSregs sregs = vcpu.Sregs;
            sregs.Cr4 ^= globalPages;
            _trace.Mark($"reset vcpu{vcpu.Index}");
            vcpu.Sregs = sregs;
        }
        Touch(1);
    }

    private void Marked(string what, int round, Action update)
    {
        _trace.Mark($"{what} begin {round}");
        update();
        _trace.Mark($"{what} end {round}");
    }

    /// <summary>The vCPUs, one after the other, each on a thread of its own.</summary>
    private void Touch(int round)
    {
        _trace.Mark($"touch it {round}");
        foreach (KvmVcpu vcpu in _vcpus)
        {
            Thread thread = new(() => Run(vcpu)) { Name = $"vcpu{vcpu.Index}" };
            thread.Start();
            thread.Join();
            if (_failures[vcpu.Index] is { } failure) throw failure;
        }
        _trace.Mark($"touch done {round}");
    }

    private void Run(KvmVcpu vcpu)
    {
        try
        {
            KvmExit exit = vcpu.Run();
            if (exit != KvmExit.Io) throw new InvalidOperationException($"The guest of the trace left by {exit}: {vcpu.Regs}");
        }
        catch (Exception error) when (error is InvalidOperationException or SystemCallException)
        {
            _failures[vcpu.Index] = error;
        }
    }

    private void Destroy()
    {
        if (_isDestroyed) return;
        _isDestroyed = true;
        foreach (KvmVcpu? vcpu in _vcpus) vcpu?.Dispose();
        _vm.Dispose();
    }

    private void Set(int slot, ulong place, long bytes, Hva memory, MemslotFlags flags = MemslotFlags.None) =>
        _vm.SetRegion(slot, flags, place, (ulong)bytes, memory);

    /// <summary>Code, tables and a task-state segment with a clear I/O bitmap in the first 2 MiB, which map themselves and the
    /// sixteen pages' GiB.</summary>
    private void BuildImage()
    {
        // SAFETY: all offsets lie in the image, which is mapped read and write.
        byte* image = _image.Address;
        Program().CopyTo(new Span<byte>(image + CodeAt, Page));
        ulong* Table(int number) => (ulong*)(image + TablesAt + number * Page);
        Table(0)[0] = (TablesAt + Page) | TableBits;
        for (int gibibyte = 0; gibibyte < 2; gibibyte++)
        {
            Table(1)[gibibyte] = (ulong)(TablesAt + (2 + gibibyte) * Page) | TableBits;
            for (long entry = 0; entry < 512; entry++)
            {
                Table(2 + gibibyte)[entry] = (ulong)((long)gibibyte << 30 | entry << 21) | LargePageBits;
            }
        }
        for (int at = 0; at < _memory.Bytes; at += Page) *(_memory.Address + at) = 1; // there before the first fault
    }

    /// <summary>A byte to each of the sixteen pages, then out, and again from the start.</summary>
    private static byte[] Program()
    {
        Assembler a = new(64);
        Label entry = a.CreateLabel(), next = a.CreateLabel();
        a.Label(ref entry);
        a.mov(rsi, (long)ChangingAt);
        a.mov(ecx, Pages);
        a.Label(ref next);
        a.mov(__byte_ptr[rsi], al);
        a.add(rsi, Page);
        a.dec(rcx);
        a.jnz(next);
        a.@out(GuestProgram.Port, al);
        a.jmp(entry);
        return MachineCode.Assemble(a, CodeAt);
    }

    /// <summary>Memory that is mapped by 4 KiB, so that there are tables of every level.</summary>
    private static MappedRange Small(int bytes)
    {
        MappedRange range = MappedRange.Anonymous(bytes);
        _ = Libc.Advise((nint)range.Address, (nuint)bytes, Libc.MadviseNoHugePage);
        return range;
    }
}
