using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>A litmus test that is none, or uses what is not supported, is refused with its line and what is supported; it never
/// gets a verdict.</summary>
public sealed class LitmusInputTests
{
    [Theory]
    [InlineData("X86 sb\n{ }", 1, "the kernel's C are supported")]
    [InlineData("C\n{ }", 1, "the first line is 'C NAME'")]
    [InlineData("C t\nP0(int *x) { }", 2, "a thread, as")]
    [InlineData("C t\nexists (x=1)", 2, "in braces, is missing")]
    [InlineData("C t\n{ }\nexists (x=1)", 3, "a thread, as")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  *x = 1;\n}\nexists (x=1)", 5, "use READ_ONCE and WRITE_ONCE")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  int r = *x;\n}\nexists (x=1)", 5, "use READ_ONCE and WRITE_ONCE")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  while (1) { }\n}\nexists (x=1)", 5, "loops are not supported")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  srcu_read_lock(x);\n}\nexists (x=1)", 5,
        "SRCU is not supported; supported are READ_ONCE")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  memcpy(x, x);\n}\nexists (x=1)", 5,
        "'memcpy' is not supported; supported are READ_ONCE")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  WRITE_ONCE(*x);\n}\nexists (x=1)", 5, "takes 2 arguments, not 1")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  spin_lock(s);\n}\nexists (x=1)", 5, "'s' is no parameter")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  spin_unlock(x);\n}\nexists (x=1)", 5, "a lock that is not held")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  rcu_read_unlock();\n}\nexists (x=0)", 5, "rcu_read_unlock without")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  rcu_read_lock();\n}\nexists (x=0)", 3, "ends inside rcu_read_lock")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  int r = READ_ONCE(*x);\n  WRITE_ONCE(*r, 1);\n}\nexists (x=0)", 6,
        "which is no word's address")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  WRITE_ONCE(*x, 1);\n}\nexists (y=1)", 7, "no word named 'y'")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  WRITE_ONCE(*x, 1);\n}\nexists (1:r=1)", 7, "there is no thread P1")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  WRITE_ONCE(*x, 1);\n}\nexists (x=1) 2", 7, "follows the condition")]
    [InlineData("C t\n{ }\nP0(int *x)\n{\n  WRITE_ONCE(*x, 1);\n}\n", 7, "'exists', '~exists' or 'forall' is missing")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  atomic_store(x, 1);\n}\nexists (x=1)", 5,
        "lkmm says nothing about atomic_store of C11")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  int r = atomic_load_explicit(x, memory_order_release);\n}\nexists (x=1)", 5,
        "C11 has no atomic_load_explicit of memory_order_release")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  atomic_store_explicit(x, 1, memory_order_acq_rel);\n}\nexists (x=1)", 5,
        "C11 has no atomic_store_explicit of memory_order_acq_rel")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  int r = atomic_load_explicit(x, memory_order_consume);\n}\nexists (x=1)", 5,
        "'memory_order_consume' is no order; supported are memory_order_relaxed")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  atomic_store_explicit(x, 1);\n}\nexists (x=1)", 5, "takes 3 arguments, not 2")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  atomic_thread_fence();\n}\nexists (x=1)", 5, "takes 1 arguments, not 0")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  int r = atomic_compare_exchange_strong(x, 0, 1);\n}\nexists (x=1)", 5,
        "must be in a register of the thread, given as '&r0'")]
    [InlineData("C t\n{ }\nP0(atomic_int *x)\n{\n  int e = 0;\n  atomic_compare_exchange_weak(x, &e, 1);\n}\nexists (x=1)", 6,
        "'atomic_compare_exchange_weak' is not supported; supported are READ_ONCE")]
    public void What_is_not_supported_is_refused(string text, int line, string why)
    {
        LitmusException error =
            Assert.Throws<LitmusException>(() => Asking.Of(LitmusTest.Read(text), MemoryModel.Lkmm));
        Assert.Equal(line, error.Line);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Whether it has written, and what it found if not.</summary>
    [Theory]
    [InlineData(0, "0:e=0; 0:ok=1; [x]=5;")]
    [InlineData(1, "0:e=0; 0:ok=0; [x]=0;")]
    public void A_compare_and_exchange_of_C11_says_what_it_did(int expected, string state)
    {
        LitmusTest test = LitmusTest.Read($"C t\n{{ }}\nP0(atomic_int *x)\n{{\n  int e = {expected};\n"
            + "  int ok = atomic_compare_exchange_strong(x, &e, 5);\n}\nlocations [0:e; 0:ok; x]\nexists (true)");
        Assert.Equal([state], Asking.Of(test, MemoryModel.Rc11).States.Keys);
    }

    [Fact]
    public void A_model_without_grace_periods_says_so()
    {
        LitmusTest test = LitmusTest.Read(Shape.Text("gp", "x=1; sync; y=1", "x=1"));
        LitmusException error = Assert.Throws<LitmusException>(() => Asking.Of(test, MemoryModel.Rc11));
        Assert.Contains("rc11 says nothing about synchronize_rcu", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Every cut of a test is refused, or means something; none of them hurts.</summary>
    [Fact]
    public void A_test_that_is_cut_anywhere_is_refused_or_read()
    {
        foreach (LitmusRow row in LitmusRow.All.Take(20))
        {
            for (int length = 0; length < row.Text.Length; length += 3)
            {
                try
                {
                    _ = LitmusTest.Read(row.Text[..length]);
                }
                catch (LitmusException error)
                {
                    Assert.InRange(error.Line, 1, row.Text.Count(c => c == '\n') + 1);
                }
            }
        }
    }
}
