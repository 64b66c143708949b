using Iced.Intel;
using Lab.Mmu;
using static Iced.Intel.AssemblerRegisters;

namespace Lab.Hardware;

/// <summary>The access routine of <see cref="AccessCode"/>: void run(control block, window, request word).</summary>
/// <remarks>
/// In the loop, callee-saved registers hold all that matters, so that a handler can send the thread to an exit from anywhere in
/// it:
/// <code>
///   R12 control block   R13 window   R14 request word   R15 number of the access   RBP its page   RBX return address
///   R8 clock before     R9 kind      R10 stamp
/// </code>
/// The two looks at the request word: before the access, so that none is made in vain; after it, which decides. Loads are not
/// reordered with loads on x86, and LFENCE keeps the clock in place.
/// </remarks>
internal sealed class Routine(Assembler at)
{
    private Label _loop = at.CreateLabel();
    private Label _loopEnd = at.CreateLabel();
    private Label _resume = at.CreateLabel();
    private Label _leaveFaulted = at.CreateLabel();
    private Label _leaveDone = at.CreateLabel();

    public Label Loop => _loop;

    public Label LoopEnd => _loopEnd;

    /// <summary>Behind the access.</summary>
    public Label Resume => _resume;

    /// <summary>Exit with reason Fault; the number of the access is in R15.</summary>
    public Label LeaveFaulted => _leaveFaulted;

    /// <summary>Exit with reason Done, whether or not all accesses were made.</summary>
    public Label LeaveDone => _leaveDone;

    public void Emit()
    {
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15];
        foreach (AssemblerRegister64 register in saved) at.push(register);
        at.mov(r12, rdi);
        at.mov(r13, rsi);
        at.mov(r14, rdx);
        at.mov(r15, __qword_ptr[r12 + GuestBatch.FirstOffset]);
        at.lea(rbx, __[_resume]);

        Label leaveRequest = at.CreateLabel(), leave = at.CreateLabel();
        EmitLoop(leaveRequest);

        at.Label(ref _leaveDone);
        at.mov(eax, (int)CoreExitReason.Done);
        at.jmp(leave);
        at.Label(ref leaveRequest);
        at.mov(eax, (int)CoreExitReason.Request);
        at.jmp(leave);
        at.Label(ref _leaveFaulted);
        at.mov(eax, (int)CoreExitReason.Fault);
        at.Label(ref leave);
        at.mov(__qword_ptr[r12 + GuestBatch.ReasonOffset], rax);
        at.mov(__qword_ptr[r12 + GuestBatch.NextOffset], r15);
        foreach (AssemblerRegister64 register in saved.Reverse()) at.pop(register);
        at.ret();
    }

    private void EmitLoop(Label leaveRequest)
    {
        Label write = at.CreateLabel(), execute = at.CreateLabel();
        at.Label(ref _loop);
        at.cmp(r15, __qword_ptr[r12 + GuestBatch.EndOffset]);
        at.jae(_leaveDone);
        at.cmp(__qword_ptr[r14], 0);
        at.jne(leaveRequest);
        at.mov(rbp, __qword_ptr[r12 + r15 * 8 + GuestBatch.ListOffset]);
        at.mov(r9d, ebp);
        at.and(r9d, (int)GuestBatch.KindMask);
        at.and(rbp, ~(int)GuestBatch.KindMask);
        at.add(rbp, r13);
        EmitClock();
        at.mov(r8, rdx);
        at.cmp(r9d, (int)AccessKind.Write);
        at.je(write);
        at.ja(execute);

        at.mov(r10, __qword_ptr[rbp]);
        at.jmp(_resume);

        at.Label(ref write);
        at.mov(rax, __qword_ptr[r12 + GuestBatch.TokenOffset]);
        at.inc(rax);
        at.mov(__qword_ptr[r12 + GuestBatch.TokenOffset], rax);
        at.mov(rcx, __qword_ptr[r12 + GuestBatch.WriteAtOffset]);
        at.mov(__qword_ptr[rbp + rcx], rax);
        at.mov(r10, __qword_ptr[rbp]);
        at.jmp(_resume);

        // A page that the host dropped has no code either.
        at.Label(ref execute);
        at.mov(r10, __qword_ptr[rbp]);
        at.test(r10, r10);
        at.je(_resume);
        at.lea(rax, __[rbp + SlotMemory.CodeOffset]);
        at.jmp(rax);

        at.Label(ref _resume);
        EmitClock();
        at.sub(rdx, r8);
        at.cmp(__qword_ptr[r14], 0);
        at.jne(leaveRequest);
        at.lea(rax, __[r15 + r15]);
        at.mov(__qword_ptr[r12 + rax * 8 + GuestBatch.TouchesOffset], r10);
        at.mov(__qword_ptr[r12 + rax * 8 + GuestBatch.TouchesOffset + 8], rdx);
        at.inc(r15);
        at.jmp(_loop);
        at.Label(ref _loopEnd);
        at.nop();
    }

    /// <summary>Time-stamp counter in RDX, after everything before it.</summary>
    private void EmitClock()
    {
        at.lfence();
        at.rdtsc();
        at.shl(rdx, 32);
        at.or(rdx, rax);
    }
}
