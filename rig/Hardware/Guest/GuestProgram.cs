using Iced.Intel;
using Lab.Mmu;
using static Iced.Intel.AssemblerRegisters;

namespace Lab.Hardware;

/// <summary>What the guest runs, at CPL 3 in long mode: the accesses of a <see cref="GuestBatch"/>, one after the other, each
/// timed with <c>rdtsc</c> and each followed by a look at the vCPU's request word; then <c>out</c>, and again from the
/// start.</summary>
/// <remarks>Registers on entry: r15 control block, r14 request word (all guest addresses). An access that finds a hole — the host
/// answers reads with <see cref="GuestBatch.Hole"/> and drops writes — is made again; it is the host that stops the guest before
/// it is. The guest writes the number of the access before it makes it, so that the host knows which one left the guest. Order:
/// the look at the request word comes after the access (loads are not reordered with loads on x86-64, and the <c>lfence</c>
/// between them is for the clock). Pairs with the raiser's locked or and membarrier, as in <see cref="VcpuRequests"/>.</remarks>
internal static class GuestProgram
{
    /// <summary>Port of the <c>out</c> by which the guest leaves.</summary>
    public const int Port = 0xf8;

    /// <summary>The program's bytes for the address at which the guest will see it.</summary>
    public static byte[] Assemble(ulong address)
    {
        Assembler a = new(64);
        Label entry = a.CreateLabel(), next = a.CreateLabel(), again = a.CreateLabel(), write = a.CreateLabel();
        Label execute = a.CreateLabel();
        Label timed = a.CreateLabel(), done = a.CreateLabel(), request = a.CreateLabel(), leave = a.CreateLabel();

        a.Label(ref entry);
        a.mov(r8, __[r15 + GuestBatch.FirstOffset]);
        a.mov(r9, __[r15 + GuestBatch.EndOffset]);
        a.mov(r11, __[r15 + GuestBatch.WriteAtOffset]);
        a.mov(r10, __[r15 + GuestBatch.TokenOffset]);
        a.lea(r13, __[r15 + GuestBatch.ListOffset]);
        a.lea(r12, __[r15 + GuestBatch.TouchesOffset]);

        a.Label(ref next);
        a.mov(__[r15 + GuestBatch.NextOffset], r8);
        a.cmp(r8, r9);
        a.jae(done);
        a.Label(ref again);
        a.cmp(__qword_ptr[r14], 0);
        a.jne(request);
        a.mov(rsi, __[r13 + r8 * 8]);
        a.mov(ecx, esi);
        a.and(ecx, (int)GuestBatch.KindMask);
        a.xor(rsi, rcx);
        Stamp(a);
        a.mov(rbp, rax);
        a.cmp(ecx, (int)AccessKind.Write);
        a.je(write);
        a.ja(execute);
        a.mov(rdi, __[rsi]);

        a.Label(ref timed);
        Stamp(a);
        a.sub(rax, rbp);
        a.cmp(rdi, -1);
        a.je(again);
        a.cmp(__qword_ptr[r14], 0);
        a.jne(request);
        a.mov(rdx, r8);
        a.shl(rdx, 4);
        a.mov(__[r12 + rdx], rdi);
        a.mov(__[r12 + rdx + 8], rax);
        a.inc(r8);
        a.jmp(next);

        // The store first: it is what faults. What is read back tells whether it reached memory.
        a.Label(ref write);
        a.inc(r10);
        a.mov(__[rsi + r11], r10);
        a.mov(rdi, __[rsi + r11]);
        a.cmp(rdi, r10);
        a.jne(again);
        a.mov(rdi, __[rsi]);
        a.jmp(timed);

        // The page's own code jumps back through rbx. A page without a stamp has no code either.
        a.Label(ref execute);
        a.mov(rdi, __[rsi]);
        a.lea(rax, __[rdi + 1]);
        a.cmp(rax, 1);
        a.jbe(timed);
        a.lea(rbx, __[timed]);
        a.lea(rax, __[rsi + SlotMemory.CodeOffset]);
        a.jmp(rax);

        a.Label(ref done);
        a.mov(eax, (int)CoreExitReason.Done);
        a.jmp(leave);
        a.Label(ref request);
        a.mov(eax, (int)CoreExitReason.Request);
        a.Label(ref leave);
        a.mov(__[r15 + GuestBatch.TokenOffset], r10);
        a.mov(__[r15 + GuestBatch.ReasonOffset], rax);
        a.@out(Port, al);
        a.jmp(entry);
        return MachineCode.Assemble(a, address);
    }

    /// <summary>rax becomes the time-stamp counter, read neither before what comes before it nor after what comes after; rdx is
    /// lost.</summary>
    private static void Stamp(Assembler a)
    {
        a.lfence();
        a.rdtsc();
        a.shl(rdx, 32);
        a.or(rax, rdx);
        a.lfence();
    }
}
