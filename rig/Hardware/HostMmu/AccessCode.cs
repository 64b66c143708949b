using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Lab.Hardware;

/// <summary>
/// Machine code, one copy per process: the routine that makes a vCPU's accesses in a window, and the handlers of the signals that
/// these accesses raise.
/// <code>
///   routine:  request word set? ─ clock ─ load, store or jump ─ clock ─ request word set? ─ note stamp and ticks ─ next
///   SIGSEGV, SIGBUS in it: write down what and where ─ leave it with reason Fault        elsewhere: the runtime's handler
///   kick in it: leave it with reason Done                                                elsewhere: nothing
/// </code>
/// </summary>
/// <remarks>
/// Called as an unmanaged function, so that the collector does not wait for a thread that sleeps in a page fault; no managed code
/// runs between entry and return, nor in a handler. The access retires only if the request word is still clear after it; a signal
/// that cuts it short leaves its number where it was, and it is made again.
/// <para>A thread is in the routine if its program counter is; or, while it executes in the window, if RBX holds the address to
/// which the window's code returns and the counter is where that code is. Nobody else has this address in RBX.</para>
/// <para>The handlers stay installed until the process ends, as the runtime's below them do.</para>
/// </remarks>
internal static unsafe class AccessCode
{
    /// <summary>Where a handler puts what it saw, in the control block: signal, si_addr, program counter, si_code.</summary>
    public const int SignalOffset = GuestBatch.SpareOffset;
    public const int FaultAddressOffset = GuestBatch.SpareOffset + 8;
    public const int ProgramCounterOffset = GuestBatch.SpareOffset + 16;
    public const int SignalCodeOffset = GuestBatch.SpareOffset + 24;

    /// <summary>In siginfo_t.</summary>
    private const int InfoCode = 8, InfoAddress = 16;

    /// <summary>In ucontext_t: the general registers begin at 40, in the order of REG_R8, REG_R9, …</summary>
    private const int ContextR12 = 40 + 4 * 8, ContextRbx = 40 + 11 * 8, ContextRip = 40 + 16 * 8;

    private static readonly Lock Once = new();
    private static MappedRange? Code;
    private static delegate* unmanaged<nint, nint, nint, void> Entry;

    /// <summary>Assembles the code and installs the handlers, once per process.</summary>
    /// <exception cref="HardwareUnavailableException">The machine or the runtime is not one that the code is for.</exception>
    public static void Install()
    {
        lock (Once)
        {
            if (Code is not null) return;
            if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            {
                throw new HardwareUnavailableException("--mmu host runs x86-64 machine code on Linux; use --mmu radix here.");
            }
            HostCalls.SignalAction segv = Installed(HostCalls.SignalSegv), bus = Installed(HostCalls.SignalBus);
            MappedRange code = MappedRange.Anonymous(SlotMemory.PageBytes);
            Entries entries = Assemble(code, segv.Handler, bus.Handler);
            Libc.Checked(Libc.Protect((nint)code.Address, (nuint)code.Bytes, Libc.ProtRead | Libc.ProtExec),
                "mprotect(machine code, read and execute)");
            Entry = (delegate* unmanaged<nint, nint, nint, void>)entries.Run;
            Code = code;
            // The runtime's own mask and flags stay: what is not for the routine must reach it as if nothing were in between.
            Replace(HostCalls.SignalSegv, segv, entries.Segv);
            Replace(HostCalls.SignalBus, bus, entries.Bus);
            Replace(HostCalls.SignalKick, new HostCalls.SignalAction
                { Flags = HostCalls.HandlerTakesInfo | HostCalls.HandlerOnStack | HostCalls.HandlerRestarts }, entries.Kick);
        }
    }

    /// <summary>Makes the accesses that the control block asks for. May sleep in a page fault.</summary>
    // SAFETY: Install came first; a core exists only on a host. The batch, the window and the word outlive the call.
    public static void Run(nint batch, nint window, nint requestWord) => Entry(batch, window, requestWord);

    private readonly record struct Entries(nint Run, nint Segv, nint Bus, nint Kick);

    /// <summary>The handler there is; it takes three arguments, as the runtime's do.</summary>
    private static HostCalls.SignalAction Installed(int signal)
    {
        HostCalls.SignalAction action;
        Libc.Checked(HostCalls.Sigaction(signal, null, &action), $"sigaction({signal})");
        // 0 and 1 stand for the default and for nothing: neither can be called.
        if (action.Handler is 0 or 1 || (action.Flags & HostCalls.HandlerTakesInfo) == 0)
        {
            throw new HardwareUnavailableException(
                $"--mmu host chains to the .NET runtime's handler for signal {signal}, and there is none; use --mmu radix.");
        }
        return action;
    }

    private static void Replace(int signal, HostCalls.SignalAction action, nint handler)
    {
        action.Handler = handler;
        Libc.Checked(HostCalls.Sigaction(signal, &action, null), $"sigaction({signal}, handler of --mmu host)");
    }

    private static Entries Assemble(MappedRange code, nint segvBefore, nint busBefore)
    {
        Assembler at = new(64);
        Label run = at.CreateLabel(), segv = at.CreateLabel(), bus = at.CreateLabel(), kick = at.CreateLabel();
        Routine routine = new(at);
        at.Label(ref run);
        routine.Emit();
        at.Label(ref segv);
        EmitFaultHandler(at, routine, segvBefore);
        at.Label(ref bus);
        EmitFaultHandler(at, routine, busBefore);
        at.Label(ref kick);
        EmitKickHandler(at, routine);

        using MemoryStream stream = new();
        AssemblerResult result =
            at.Assemble(new StreamCodeWriter(stream), (ulong)code.Address, BlockEncoderOptions.ReturnNewInstructionOffsets);
        ReadOnlySpan<byte> bytes = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        // SAFETY: the range is one page, writable still; a routine that outgrew it fails in the copy.
        bytes.CopyTo(new Span<byte>(code.Address, (int)code.Bytes));
        return new Entries((nint)result.GetLabelRIP(run), (nint)result.GetLabelRIP(segv), (nint)result.GetLabelRIP(bus),
            (nint)result.GetLabelRIP(kick));
    }

    /// <summary>Arguments: signal in RDI, siginfo_t in RSI, ucontext_t in RDX. Nothing else is to be relied on, the stack may be
    /// the alternate one.</summary>
    private static void EmitFaultHandler(Assembler at, Routine routine, nint before)
    {
        Label ours = at.CreateLabel(), notOurs = at.CreateLabel(), outside = at.CreateLabel();
        EmitIsInLoop(at, routine, ours);
        // An instruction fetch that failed: the counter is the address.
        at.cmp(rax, __qword_ptr[rsi + InfoAddress]);
        at.jne(outside);
        at.lea(rcx, __[routine.Resume]);
        at.cmp(rcx, __qword_ptr[rdx + ContextRbx]);
        at.je(ours);
        at.Label(ref outside);
        at.jmp(notOurs);

        at.Label(ref ours);
        at.mov(rcx, __qword_ptr[rdx + ContextR12]);
        at.mov(edi, edi);
        at.mov(__qword_ptr[rcx + SignalOffset], rdi);
        at.mov(__qword_ptr[rcx + ProgramCounterOffset], rax);
        at.mov(r8, __qword_ptr[rsi + InfoAddress]);
        at.mov(__qword_ptr[rcx + FaultAddressOffset], r8);
        at.movsxd(r8, __dword_ptr[rsi + InfoCode]);
        at.mov(__qword_ptr[rcx + SignalCodeOffset], r8);
        at.lea(rcx, __[routine.LeaveFaulted]);
        at.mov(__qword_ptr[rdx + ContextRip], rcx);
        at.ret();

        at.Label(ref notOurs);
        at.mov(rax, before);
        at.jmp(rax);
    }

    /// <summary>Wherever in its loop the routine is: the access it is at has not retired, and is made again.</summary>
    private static void EmitKickHandler(Assembler at, Routine routine)
    {
        Label ours = at.CreateLabel(), notOurs = at.CreateLabel();
        EmitIsInLoop(at, routine, ours);
        at.and(eax, SlotMemory.PageBytes - 1);
        at.cmp(eax, SlotMemory.CodeOffset);
        at.jne(notOurs);
        at.lea(rcx, __[routine.Resume]);
        at.cmp(rcx, __qword_ptr[rdx + ContextRbx]);
        at.jne(notOurs);
        at.Label(ref ours);
        at.lea(rcx, __[routine.LeaveDone]);
        at.mov(__qword_ptr[rdx + ContextRip], rcx);
        at.Label(ref notOurs);
        at.ret();
    }

    /// <summary>Leaves the interrupted counter in RAX and jumps if it lies in the loop.</summary>
    private static void EmitIsInLoop(Assembler at, Routine routine, Label ours)
    {
        Label outside = at.CreateLabel();
        at.mov(rax, __qword_ptr[rdx + ContextRip]);
        at.lea(rcx, __[routine.Loop]);
        at.cmp(rax, rcx);
        at.jb(outside);
        at.lea(rcx, __[routine.LoopEnd]);
        at.cmp(rax, rcx);
        at.jb(ours);
        at.Label(ref outside);
        at.nop();
    }
}
