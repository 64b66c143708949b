namespace Lab.Explorer.Agents;

/// <summary>Decides who makes the next step, and sees every step go by.</summary>
internal interface IGuide
{
    /// <summary>The agent that goes on; or <see cref="AgentController.FirstDrain"/> plus an agent, whose oldest buffered store
    /// reaches memory; or −1 to end the execution here.</summary>
    /// <param name="agents">The execution as it stands; <see cref="AgentController.StateHash"/> tells it from others.</param>
    /// <param name="enabled">Bit per choice; not zero.</param>
    /// <param name="current">Agent that made the last step, or −1.</param>
    int Next(AgentController agents, uint enabled, int current);
}

/// <summary>How an execution ended.</summary>
internal enum ExecutionEnd
{
    /// <summary>All agents ended.</summary>
    Complete,

    /// <summary>The guide had seen enough.</summary>
    Cut,

    /// <summary>A promise was broken: see <see cref="AgentController.Finding"/>.</summary>
    Violated,
}
