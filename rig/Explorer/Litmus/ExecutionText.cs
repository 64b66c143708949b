using System.Text;
using Lab.Explorer.Orders;

namespace Lab.Explorer.Litmus;

/// <summary>An execution as text: a column of events per thread, and the arrows between them.</summary>
internal static class ExecutionText
{
    internal static string Draw(LitmusTest test, Execution x) => "";
}
